import { describe, expect, it, vi } from 'vitest';
import type { Event } from '../generated/api';
import type { Effect, Output } from '../generated/engine/engine';
import { Host, type HostObserver, type HostParts } from './host';
import type { Engine } from './run';
import { FencedOff, StoreError, type Changes } from './store';

const signedOut: Event = { type: 'account', account: { type: 'signed_out', reason: null } };

/** An engine that says at once that nobody is signed in, and that writes a row and replies to each command. */
function fakeEngine(): Engine {
  const nothing = (): Output => ({ writes: [], effects: [], wakeAt: undefined });
  const event: Effect = { kind: 'event', json: JSON.stringify(signedOut) };
  return {
    takeRestored: () => ({ ...nothing(), effects: [event] }),
    command: (call) => ({
      writes: [{ kind: 'put', key: 'state/a', value: new Uint8Array() }],
      effects: [{ kind: 'reply', call, ok: true, json: '"done"' }],
      wakeAt: undefined,
    }),
    http: nothing,
    httpFailed: nothing,
    socketOpened: nothing,
    socketFrame: nothing,
    socketClosed: nothing,
    rows: nothing,
    opaque: nothing,
    opaqueFailed: nothing,
    wake: nothing,
    networkUp: nothing,
    free: () => undefined,
  };
}

function host({
  apply = (_changes: Changes) => Promise.resolve(),
  read = () => Promise.resolve({ rows: [], broken: 0 }),
  openStore = undefined as HostParts['openStore'] | undefined,
  restore = () => Promise.resolve(fakeEngine()),
} = {}) {
  const store = { apply: vi.fn(apply), read, close: () => undefined };
  const events: Event[] = [];
  const told: string[] = [];
  const observer: HostObserver = {
    event: (event) => events.push(event),
    serving: () => told.push('serving'),
    fencedOff: () => told.push('fenced off'),
    crashed: () => told.push('crashed'),
  };
  const parts: HostParts = {
    openStore: openStore ?? (() => Promise.resolve(store)),
    restore: vi.fn(restore),
    passwords: { perform: () => Promise.resolve(null) },
    fetch: () => Promise.reject(new Error('offline')),
    openSocket: () => {
      throw new Error('no socket');
    },
  };
  return { host: new Host(parts, observer), store, parts, events, told };
}

describe('the host', () => {
  it('answers calls that came before the engine ran', async () => {
    const { host: running, told } = host();
    expect(await running.call({ type: 'relay' })).toEqual({ ok: true, reply: 'done' });
    expect(told).toEqual(['serving']);
    expect(running.states).toEqual([signedOut]);
  });

  it('rejects a call whose transaction failed, says why, and goes on with a restored engine', async () => {
    let full = true;
    const {
      host: running,
      parts,
      events,
    } = host({
      apply: () => (full ? Promise.reject(new StoreError('storage_full')) : Promise.resolve()),
    });
    expect(await running.call({ type: 'relay' })).toEqual({ ok: false, problem: { code: 'storage_full' } });
    expect(events).toContainEqual({ type: 'problem', problem: { code: 'storage_full' } });
    full = false;
    expect(await running.call({ type: 'relay' })).toEqual({ ok: true, reply: 'done' });
    expect(parts.restore).toHaveBeenCalledTimes(2);
  });

  it('says that storage is refused, rejects calls, and tries again', async () => {
    vi.useFakeTimers();
    try {
      let refused = true;
      const open = {
        apply: () => Promise.resolve(),
        read: () => Promise.resolve({ rows: [], broken: 0 }),
        close: () => undefined,
      };
      const { host: running } = host({
        openStore: () =>
          refused ? Promise.reject(new StoreError('storage_refused')) : Promise.resolve(open),
      });
      const problem = { code: 'storage_refused' } as const;
      expect(await running.call({ type: 'relay' })).toEqual({ ok: false, problem });
      expect(running.states).toEqual([{ type: 'account', account: { type: 'signed_out', reason: problem } }]);
      expect(await running.call({ type: 'relay' })).toEqual({ ok: false, problem });
      refused = false;
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await running.call({ type: 'relay' })).toEqual({ ok: true, reply: 'done' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('starts afresh from state that can not be read, and says so', async () => {
    let broken = 1;
    const {
      host: running,
      store,
      events,
    } = host({ read: () => Promise.resolve({ rows: [], broken: broken-- }) });
    await running.call({ type: 'relay' });
    expect(store.apply.mock.calls[0]?.[0].clear).toBe(true);
    const problem = { code: 'storage_corrupt' };
    expect(events).toContainEqual({ type: 'problem', problem });
    expect(running.states).toEqual([{ type: 'account', account: { type: 'signed_out', reason: problem } }]);
  });

  it('leaves its calls to the next leader when it is fenced off', async () => {
    const { host: running, told } = host({ apply: () => Promise.reject(new FencedOff()) });
    const settled = vi.fn();
    void running.call({ type: 'relay' }).then(settled);
    await vi.waitFor(() => expect(told).toEqual(['serving', 'fenced off']));
    expect(settled).not.toHaveBeenCalled();
  });

  it('does not outlive its engine crashing', async () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    const { host: running, told } = host({
      restore: () => Promise.reject(new WebAssembly.RuntimeError('unreachable')),
    });
    expect(await running.call({ type: 'relay' })).toEqual({ ok: false, problem: { code: 'internal' } });
    await vi.waitFor(() => expect(told).toEqual(['crashed']));
    expect(reported).toHaveBeenCalledTimes(1);
  });
});
