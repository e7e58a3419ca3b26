// What the state asks of the bridge, and how its failures are read.
import type { Problem } from '../generated/api';
import { BridgeError } from '../bridge/bridge';

export type { Bridge as Engine } from '../bridge/bridge';

/** What a failed call means; anything that carries no problem is a bug. */
export function problemOf(error: unknown): Problem {
  return error instanceof BridgeError ? error.problem : { code: 'internal' };
}
