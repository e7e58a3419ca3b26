// What the tabs' workers tell each other over a BroadcastChannel. Every worker of the origin hears everything.
import type { Command, Event } from '../generated/api';
import type { Outcome } from '../bridge/messages';

export const CHANNEL = 'sotto-tabs';

/** Names one leader's reign. */
export type Reign = string;
/** Names one worker. */
export type Tab = string;

export type TabMessage =
  /** Who leads? */
  | { kind: 'hello' }
  /** This leader answers. `fresh`: its engine was newly restored, so that what pages show may be out of date. */
  | { kind: 'leading'; reign: Reign; states: Event[]; fresh: boolean }
  /** A leader is there, and still restoring its engine. */
  | { kind: 'starting' }
  | { kind: 'call'; reign: Reign; tab: Tab; id: number; command: Command }
  | { kind: 'outcome'; tab: Tab; id: number; outcome: Outcome }
  | { kind: 'event'; reign: Reign; event: Event }
  /** For the leader. */
  | { kind: 'expect_password' };

export interface TabChannel {
  post(message: TabMessage): void;
  listen(receive: (message: TabMessage) => void): void;
}

export function openTabChannel(): TabChannel {
  const channel = new BroadcastChannel(CHANNEL);
  return {
    post: (message) => channel.postMessage(message),
    listen: (receive) => {
      channel.onmessage = ({ data }: MessageEvent<TabMessage>) => receive(data);
    },
  };
}
