// All state of one page, made once over one engine and handed down to the components. A list of parts, no logic.
import { getContext, setContext } from 'svelte';
import { Announcer } from './announcer.svelte';
import { Appearance } from './appearance.svelte';
import { Clock } from './clock.svelte';
import { Conversations } from './conversations.svelte';
import type { Engine } from './engine';
import { Notifications } from './notifications.svelte';
import { Panels } from './panels.svelte';
import { PeopleSearch } from './people.svelte';
import { Route } from './route.svelte';
import { Session } from './session.svelte';
import { Toasts } from './toasts.svelte';

export interface PageState {
  readonly engine: Engine;
  readonly session: Session;
  readonly conversations: Conversations;
  readonly people: PeopleSearch;
  readonly route: Route;
  readonly panels: Panels;
  readonly toasts: Toasts;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly appearance: Appearance;
  readonly notifications: Notifications;
}

export function createPageState(engine: Engine): PageState {
  const route = new Route();
  const conversations = new Conversations(engine);
  return {
    engine,
    session: new Session(engine),
    conversations,
    people: new PeopleSearch(engine),
    route,
    panels: new Panels(),
    toasts: new Toasts(engine),
    announcer: new Announcer(),
    clock: new Clock(),
    appearance: new Appearance(),
    notifications: new Notifications(engine, conversations, (id) => route.conversation(id)),
  };
}

const KEY = Symbol('page state');

export function providePageState(state: PageState): void {
  setContext(KEY, state);
}

export function pageState(): PageState {
  return getContext<PageState>(KEY);
}
