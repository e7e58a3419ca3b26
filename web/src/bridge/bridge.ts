// What the user interface calls: typed commands to the engine in the worker, and the engine's events.
import type { Command, CommandReplies, Event, Problem } from '../generated/api';

export type CommandType = Command['type'];
export type CommandOf<C extends CommandType> = Extract<Command, { type: C }>;

/** Rejects every call that failed; `problem` says why, as a code with its facts. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError';

  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

export interface Bridge {
  /**
   * Asks the engine, in this tab or in the leading one. Rejects with a `BridgeError` and with nothing else.
   * A call survives the leading tab's end: it is asked again of the next leader.
   */
  call<C extends CommandType>(command: CommandOf<C>): Promise<CommandReplies[C]>;

  /**
   * Every event from now on, in order. Before anything else, a new listener is told (asynchronously) the newest `account`
   * and `connection` event, as soon as they are known: nothing need be asked to learn whether somebody is signed in.
   * Returns what ends it.
   */
  onEvent(listener: (event: Event) => void): () => void;

  /**
   * Events may have been missed (another tab took the lead, the engine was restored, the page came back from the browser's
   * cache): what is on screen should be asked for again (`conversations`, the open window of `history`).
   */
  onResync(listener: () => void): () => void;

  /** Says that a password is about to be typed, so that the password module loads meanwhile. Cheap to repeat. */
  expectPassword(): void;
}
