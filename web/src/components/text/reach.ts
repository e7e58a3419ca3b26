// Whether what stands inside a message can be reached with Tab: only in the message that has the focus, so that the
// whole list of messages is one stop.
import { getContext, setContext } from 'svelte';

const KEY = Symbol('reach');

export function provideReach(reachable: () => boolean): void {
  setContext(KEY, reachable);
}

export function reach(): () => boolean {
  return getContext<(() => boolean) | undefined>(KEY) ?? (() => true);
}
