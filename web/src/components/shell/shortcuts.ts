// Keys that work everywhere on the page.
import type { PageState } from '../../state/context';

/** The regions that F6 goes through, in order; what is absent is skipped. */
const REGIONS = ['list', 'messages', 'composer', 'settings'] as const;

export function listenForShortcuts({ panels, route }: PageState): () => void {
  const hear = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (command && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      panels.switcher = !panels.switcher;
    } else if (event.key === '?' && !typing(event.target)) {
      event.preventDefault();
      panels.shortcuts = true;
    } else if (event.key === 'F6') {
      event.preventDefault();
      nextRegion(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape' && !inDialog(event.target) && route.place.at === 'settings') {
      route.list();
    }
  };
  addEventListener('keydown', hear);
  return () => removeEventListener('keydown', hear);
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable)
  );
}

function inDialog(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('[role="dialog"], [role="menu"]') !== null;
}

function nextRegion(step: 1 | -1): void {
  const present = REGIONS.map((name) =>
    document.querySelector<HTMLElement>(`[data-region="${name}"]`),
  ).filter((region) => region !== null && region.offsetParent !== null);
  const here = present.findIndex((region) => region?.contains(document.activeElement));
  const next = present[(here + step + present.length) % present.length];
  if (next === undefined || next === null) return;
  const stop = next.matches('textarea, input')
    ? next
    : next.querySelector<HTMLElement>('[tabindex="0"], input, a[href], button');
  stop?.focus();
}
