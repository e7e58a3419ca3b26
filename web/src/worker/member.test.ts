import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event } from '../generated/api';
import type { Outcome, ToPage } from '../bridge/messages';
import type { HostObserver } from './host';
import { Member } from './member';
import type { TabMessage } from './tabs';

const signedIn: Event = {
  type: 'account',
  account: { type: 'signed_in', account: 'a', username: 'alice', device: 'd', recoveryConfirmed: true },
};

/** The Web Lock: one holder, the others wait in line. */
class FakeLocks {
  #holder: { end: () => void; lose: (error: Error) => void } | undefined;
  #line: (() => void)[] = [];

  request = ((_name: string, options: LockOptions, callback: () => Promise<unknown>) =>
    new Promise<unknown>((resolve, reject) => {
      const hold = () => {
        if (options.signal?.aborted === true) {
          this.#next();
          return;
        }
        const holder = { end: () => undefined, lose: reject };
        this.#holder = holder;
        void callback().then((result) => {
          resolve(result);
          if (this.#holder === holder) this.#next();
        });
      };
      if (options.steal === true) {
        this.#holder?.lose(new DOMException('stolen', 'AbortError'));
        hold();
      } else if (this.#holder === undefined) hold();
      else {
        this.#line.push(hold);
        options.signal?.addEventListener('abort', () => {
          this.#line = this.#line.filter((waiting) => waiting !== hold);
          reject(new DOMException('aborted', 'AbortError'));
        });
      }
    })) as LockManager['request'];

  /** The holder's tab is gone: its worker runs no more. */
  holderVanishes(): void {
    this.#next();
  }

  #next(): void {
    this.#holder = undefined;
    this.#line.shift()?.();
  }
}

/** The BroadcastChannel: everybody but the sender hears. */
class FakeAir {
  readonly #ears = new Map<object, (message: TabMessage) => void>();

  channel() {
    const self = {};
    return {
      post: (message: TabMessage) => {
        for (const [ear, hear] of this.#ears)
          if (ear !== self) queueMicrotask(() => this.#ears.has(ear) && hear(message));
      },
      listen: (hear: (message: TabMessage) => void) => void this.#ears.set(self, hear),
      vanish: () => this.#ears.delete(self),
    };
  }
}

class Tabs {
  readonly locks = new FakeLocks();
  readonly air = new FakeAir();

  open() {
    const toPage: ToPage[] = [];
    const calls: { type: string; answer: (outcome: Outcome) => void }[] = [];
    const hosts: HostObserver[] = [];
    const channel = this.air.channel();
    const member = new Member({
      locks: this.locks,
      channel,
      toPage: (message) => toPage.push(message),
      expectPassword: () => undefined,
      startHost: (_reign, observer) => {
        hosts.push(observer);
        queueMicrotask(() => observer.serving());
        return {
          call: ({ type }) => new Promise((answer) => calls.push({ type, answer })),
          states: [signedIn],
          networkUp: () => undefined,
          stop: () => undefined,
        };
      },
    });
    const outcomes = () => toPage.filter((message) => message.kind === 'outcome');
    const vanish = () => {
      channel.vanish();
      this.locks.holderVanishes();
    };
    /** Holds the lock, and hears and says nothing. */
    const freeze = () => channel.vanish();
    return { member, freeze, toPage, outcomes, calls, hosts, vanish, leads: () => hosts.length > 0 };
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe('tabs', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('have one leader, whom the others ask', async () => {
    const tabs = new Tabs();
    const [first, second] = [tabs.open(), tabs.open()];
    await settled();
    expect([first.leads(), second.leads()]).toEqual([true, false]);
    second.member.call(5, { type: 'conversations' });
    await settled();
    expect(first.calls.map((call) => call.type)).toEqual(['conversations']);
    first.calls[0]?.answer({ ok: true, reply: [] });
    await settled();
    expect(second.outcomes()).toEqual([{ kind: 'outcome', id: 5, outcome: { ok: true, reply: [] } }]);
    expect(first.outcomes()).toEqual([]);
  });

  it('all hear events, and a new one learns where things stand', async () => {
    const tabs = new Tabs();
    const [first, second] = [tabs.open(), tabs.open()];
    await settled();
    expect(second.toPage).toContainEqual({ kind: 'snapshot', events: [signedIn] });
    const event: Event = { type: 'connection', connection: { type: 'connecting' } };
    first.hosts[0]?.event(event);
    await settled();
    expect(first.toPage).toContainEqual({ kind: 'event', event });
    expect(second.toPage).toContainEqual({ kind: 'event', event });
  });

  it('ask the next leader again what the last one had not answered', async () => {
    const tabs = new Tabs();
    const [first, second, third] = [tabs.open(), tabs.open(), tabs.open()];
    await settled();
    second.member.call(1, { type: 'send', conversation: 'c', id: 'm', text: 'hello' });
    third.member.call(2, { type: 'send', conversation: 'c', id: 'n', text: 'hello' });
    await settled();
    expect(first.calls).toHaveLength(2);
    first.vanish();
    await settled();
    expect([second.leads(), third.leads()]).toEqual([true, false]);
    expect(second.calls).toHaveLength(2);
    for (const call of second.calls) call.answer({ ok: true, reply: null });
    await settled();
    expect([second.outcomes(), third.outcomes()].map((list) => list.length)).toEqual([1, 1]);
  });

  it('do not repeat what would make a second account or device', async () => {
    const tabs = new Tabs();
    const [first, second] = [tabs.open(), tabs.open()];
    await settled();
    second.member.call(1, { type: 'sign_in', username: 'alice', password: 'p' });
    await settled();
    expect(first.calls).toHaveLength(1);
    first.vanish();
    await settled();
    expect(second.calls).toEqual([]);
    expect(second.outcomes()).toEqual([
      { kind: 'outcome', id: 1, outcome: { ok: false, problem: { code: 'offline' } } },
    ]);
  });

  it('hand over when the leading page is put away, which follows when it is back', async () => {
    const tabs = new Tabs();
    const [first, second] = [tabs.open(), tabs.open()];
    await settled();
    first.member.leave();
    await settled();
    expect(second.leads()).toBe(true);
    first.member.call(1, { type: 'conversations' });
    first.member.join();
    await settled();
    expect(second.calls.map((call) => call.type)).toEqual(['conversations']);
    expect(first.hosts).toHaveLength(1);
  });

  it('replace a leader that stands still, and only that', async () => {
    const tabs = new Tabs();
    const [first, second] = [tabs.open(), tabs.open()];
    await settled();
    second.member.call(1, { type: 'relay' });
    // Slow, but alive.
    await vi.advanceTimersByTimeAsync(20_000);
    expect(second.leads()).toBe(false);
    first.freeze();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(second.calls.map((call) => call.type)).toEqual(['relay']);
  });

  it('step down when another has taken over', async () => {
    const tabs = new Tabs();
    const [first, second] = [tabs.open(), tabs.open()];
    await settled();
    first.member.call(1, { type: 'relay' });
    first.hosts[0]?.fencedOff();
    await settled();
    expect(second.calls.map((call) => call.type)).toEqual(['relay']);
  });

  it('tell their page when the engine has crashed, and answer what was asked', async () => {
    const tabs = new Tabs();
    const first = tabs.open();
    await settled();
    first.member.call(1, { type: 'relay' });
    first.hosts[0]?.crashed();
    await settled();
    expect(first.outcomes()).toEqual([
      { kind: 'outcome', id: 1, outcome: { ok: false, problem: { code: 'internal' } } },
    ]);
    expect(first.toPage.at(-1)).toEqual({ kind: 'crashed' });
  });
});
