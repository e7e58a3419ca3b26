// What page and worker post to each other.
import type { Command, Event, Problem } from '../generated/api';

/** A call's outcome; the page knows the reply's type by the command. */
export type Outcome = { ok: true; reply: unknown } | { ok: false; problem: Problem };

export type ToWorker =
  | { kind: 'call'; id: number; command: Command }
  | { kind: 'expect_password' }
  /** The page is frozen or goes into the browser's cache: let another tab lead. */
  | { kind: 'leave' }
  /** It is back. */
  | { kind: 'join' };

export type ToPage =
  | { kind: 'outcome'; id: number; outcome: Outcome }
  | { kind: 'event'; event: Event }
  /** The newest of the events that are states; replaces what the page knew of them. */
  | { kind: 'snapshot'; events: Event[] }
  /** The engine has a bug: this worker is of no use any more. */
  | { kind: 'crashed' };
