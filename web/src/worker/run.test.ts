import { describe, expect, it, vi } from 'vitest';
import type { Effect, Output } from '../generated/engine/engine';
import { EngineCrashed, Run, StateBroken, type Engine, type Observer, type Parts } from './run';
import { StoreError, type Changes, type StoredRow } from './store';

const value = new Uint8Array([1]);
const output = (keys: string[], ...effects: Effect[]): Output => ({
  writes: keys.map((key) => ({ kind: 'put', key, value })),
  effects,
  wakeAt: undefined,
});
const reply = (call: number): Effect => ({ kind: 'reply', call, ok: true, json: String(call) });

/** A run whose engine answers each command with the output that the test gives, and whose store waits for the test. */
async function start({ restored, broken = 0 }: { restored?: Output; broken?: number } = {}) {
  const log: string[] = [];
  const commits: { keys: string[]; done: () => void; fail: (error: unknown) => void }[] = [];
  const answers: Output[] = [];
  const next = () => answers.shift() ?? output([]);
  const rowsGiven: string[][] = [];
  let rows: StoredRow[] = [];
  const engine: Engine = {
    takeRestored: () => restored,
    command: next,
    http: next,
    httpFailed: next,
    socketOpened: next,
    socketFrame: next,
    socketClosed: next,
    rows(_id, given) {
      rowsGiven.push(given.map((row) => row.key));
      return next();
    },
    opaque: next,
    opaqueFailed: next,
    wake: next,
    networkUp: next,
    free: () => undefined,
  };
  const parts: Parts = {
    store: {
      apply: ({ rows }: Changes) =>
        new Promise((done, fail) => {
          commits.push({
            keys: [...rows.keys()],
            done: () => {
              log.push(`durable ${[...rows.keys()].join()}`);
              done();
            },
            fail,
          });
        }),
      read: () => Promise.resolve({ rows, broken }),
    },
    restore: () => Promise.resolve(engine),
    passwords: { perform: () => Promise.resolve(null) },
    fetch: () => Promise.reject(new Error('offline')),
    openSocket: () => {
      throw new Error('no socket');
    },
  };
  const failures: unknown[] = [];
  const observer: Observer = {
    replied: (call) => log.push(`reply ${call}`),
    event: (event) => log.push(event.type),
    failed: (error) => failures.push(error),
  };
  const run = await Run.start(parts, observer);
  const ask = (answer: Output) => {
    answers.push(answer);
    run.command(1, '{}');
  };
  return {
    run,
    engine,
    ask,
    log,
    commits,
    failures,
    rowsGiven,
    answers,
    store: (stored: StoredRow[]) => (rows = stored),
  };
}

describe('a run', () => {
  it('lets nothing happen before it is durable', async () => {
    const { ask, log, commits } = await start();
    ask(output(['state/a'], reply(1)));
    expect(log).toEqual([]);
    commits[0]?.done();
    await vi.waitFor(() => expect(log).toEqual(['durable state/a', 'reply 1']));
  });

  it('computes on during a transaction, and commits what came up together', async () => {
    const { ask, log, commits } = await start();
    ask(output(['state/a'], reply(1)));
    ask(output(['state/b'], reply(2)));
    ask(output([], reply(3)));
    ask(output(['state/b', 'state/c'], reply(4)));
    expect(commits.map((commit) => commit.keys)).toEqual([['state/a']]);
    commits[0]?.done();
    await vi.waitFor(() => expect(commits).toHaveLength(2));
    expect(commits[1]?.keys).toEqual(['state/b', 'state/c']);
    expect(log).toEqual(['durable state/a', 'reply 1']);
    commits[1]?.done();
    await vi.waitFor(() =>
      expect(log.slice(2)).toEqual(['durable state/b,state/c', 'reply 2', 'reply 3', 'reply 4']),
    );
  });

  it('does nothing more once a transaction has failed', async () => {
    const { ask, log, commits, failures } = await start();
    ask(output(['state/a'], reply(1)));
    ask(output([], reply(2)));
    commits[0]?.fail(new StoreError('storage_full'));
    await vi.waitFor(() => expect(failures).toEqual([new StoreError('storage_full')]));
    ask(output([], reply(3)));
    expect(log).toEqual([]);
    expect(commits).toHaveLength(1);
  });

  it('does what restoring asks for', async () => {
    const { log } = await start({ restored: output([], reply(7)) });
    expect(log).toEqual(['reply 7']);
  });

  it('gives a read what was computed while it ran', async () => {
    const { ask, rowsGiven, commits, store } = await start();
    store([{ key: 'history/a', value }]);
    ask(output([], { kind: 'read', id: 1, start: 'history/', end: 'history0', limit: 9, descending: true }));
    ask(output(['history/b', 'state/x']));
    await vi.waitFor(() => expect(rowsGiven).toEqual([['history/b', 'history/a']]));
    expect(commits).toHaveLength(1);
  });

  it('ends when the engine throws, once', async () => {
    const { run, engine, failures } = await start();
    engine.command = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    run.command(1, '{}');
    run.command(2, '{}');
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(EngineCrashed);
  });

  it('does not start from state that can not be read', async () => {
    await expect(start({ broken: 1 })).rejects.toThrow(StateBroken);
  });

  it('wakes the engine when it wanted to be woken', async () => {
    vi.useFakeTimers();
    try {
      const { ask, engine } = await start();
      const wake = vi.spyOn(engine, 'wake');
      ask({ ...output([]), wakeAt: Date.now() + 1000 });
      vi.advanceTimersByTime(999);
      expect(wake).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(wake).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
