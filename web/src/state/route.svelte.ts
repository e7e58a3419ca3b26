// Where in the page one is, kept in the address's fragment: it survives a reload, and Back works. The server never sees it.

export type Place =
  | { readonly at: 'list' }
  | { readonly at: 'conversation'; readonly id: string }
  | { readonly at: 'settings'; readonly section: SettingsSection };

export const SETTINGS_SECTIONS = ['account', 'devices', 'notifications', 'appearance', 'server'] as const;
export type SettingsSection = (typeof SETTINGS_SECTIONS)[number];

export class Route {
  place = $state.raw<Place>(parse(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.place = parse(location.hash)));
  }

  go(place: Place): void {
    const hash = write(place);
    if (hash === location.hash) return;
    // From the list onwards is a step; between conversations or sections is not, so that Back always leads to the list.
    const step = this.place.at === 'list';
    history[step ? 'pushState' : 'replaceState'](
      null,
      '',
      hash === '' ? location.pathname + location.search : hash,
    );
    this.place = place;
  }

  list(): void {
    this.go({ at: 'list' });
  }

  conversation(id: string): void {
    this.go({ at: 'conversation', id });
  }

  settings(section: SettingsSection = 'account'): void {
    this.go({ at: 'settings', section });
  }
}

function parse(hash: string): Place {
  const [, at, rest] = hash.replace(/^#/, '').split('/');
  if (at === 'with' && rest !== undefined && rest !== '') return { at: 'conversation', id: rest };
  if (at === 'settings')
    return { at: 'settings', section: SETTINGS_SECTIONS.find((section) => section === rest) ?? 'account' };
  return { at: 'list' };
}

function write(place: Place): string {
  switch (place.at) {
    case 'list':
      return '';
    case 'conversation':
      return `#/with/${place.id}`;
    case 'settings':
      return `#/settings/${place.section}`;
  }
}
