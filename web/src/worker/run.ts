// One restored engine, from its restoring until its end: steps, transactions, effects.
//
//   input ─▶ step (at once) ─▶ pending ─▶ one transaction ─▶ effects, in the order of their steps
//
// While a transaction is under way, further steps are computed and wait together for the next one. No effect happens
// before the writes of its step, and of every step before, are durable. A failed transaction ends the run: the engine's
// memory is ahead of the store then, and nothing of what it wanted may happen any more.
import type { Event, Problem } from '../generated/api';
import type { EngineHandle, Effect, Output } from '../generated/engine/engine';
import { Alarm } from './alarm';
import { addChanges, emptyChanges, overlay } from './overlay';
import type { Passwords } from './passwords';
import { request } from './http';
import { Socket } from './socket';
import type { Changes, Range, Store, StoredRow } from './store';

/** Most rows of state that are read at start; far beyond what an account can have. */
const EVERYTHING = 0x7fff_ffff;

export type Engine = Pick<
  EngineHandle,
  | 'takeRestored'
  | 'command'
  | 'http'
  | 'httpFailed'
  | 'socketOpened'
  | 'socketFrame'
  | 'socketClosed'
  | 'rows'
  | 'opaque'
  | 'opaqueFailed'
  | 'wake'
  | 'networkUp'
  | 'free'
>;

/** What a run is made of; tests put fakes in. */
export interface Parts {
  store: Pick<Store, 'apply' | 'read'>;
  restore(rows: StoredRow[], now: number): Promise<Engine>;
  passwords: Pick<Passwords, 'perform'>;
  fetch: typeof fetch;
  openSocket(): WebSocket;
}

/** What a run tells. */
export interface Observer {
  replied(call: number, ok: boolean, value: unknown): void;
  event(event: Event): void;
  /** Once: nothing more will come of this run. `error` is whatever the store or the engine threw. */
  failed(error: unknown): void;
}

/** The stored state can't be read. */
export class StateBroken extends Error {
  override readonly name = 'StateBroken';
}

/** The engine has panicked: a bug, and the module can't be used again. */
export class EngineCrashed extends Error {
  override readonly name = 'EngineCrashed';
}

type Step = (engine: Engine, now: number) => Output;

export class Run {
  readonly #parts: Parts;
  readonly #observer: Observer;
  readonly #engine: Engine;
  readonly #alarm = new Alarm(() => this.#step((engine, now) => engine.wake(now)));
  readonly #socket: Socket;
  readonly #ending = new AbortController();
  /** Computed, not yet committed. */
  #pending: Output[] = [];
  /** Changes of the transaction under way. */
  #inFlight: Changes = emptyChanges();
  /** What each read under way has to have laid over it. */
  readonly #reads = new Set<Changes>();
  #committing = false;

  /** Restores the engine. Rejects with what the store throws, with `StateBroken` or with `EngineCrashed`. */
  static async start(parts: Parts, observer: Observer): Promise<Run> {
    const { rows, broken } = await parts.store.read({
      start: 'state/',
      end: 'state0',
      limit: EVERYTHING,
      descending: false,
    });
    if (broken > 0) throw new StateBroken();
    let engine: Engine;
    try {
      engine = await parts.restore(rows, Date.now());
    } catch (error) {
      throw new EngineCrashed('the engine could not be restored', { cause: error });
    }
    return new Run(parts, observer, engine);
  }

  private constructor(parts: Parts, observer: Observer, engine: Engine) {
    this.#parts = parts;
    this.#observer = observer;
    this.#socket = new Socket(() => parts.openSocket(), {
      opened: () => this.#step((engine, now) => engine.socketOpened(now)),
      frame: (frame) => this.#step((engine, now) => engine.socketFrame(frame, now)),
      closed: () => this.#step((engine, now) => engine.socketClosed(now)),
    });
    this.#engine = engine;
    const restored = guarded(() => this.#engine.takeRestored());
    if (restored !== undefined) this.#enqueue(restored);
  }

  command(call: number, json: string): void {
    this.#step((engine, now) => engine.command(call, json, now));
  }

  networkUp(): void {
    this.#step((engine, now) => engine.networkUp(now));
  }

  /** Ends the run: no step, no effect from now on. A transaction under way may still be committed, which harms nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ending.abort();
    this.#alarm.set(undefined);
    this.#socket.close();
    this.#pending = [];
  }

  get #ended(): boolean {
    return this.#ending.signal.aborted;
  }

  #step(step: Step): void {
    if (this.#ended) return;
    let output: Output;
    try {
      output = guarded(() => step(this.#engine, Date.now()));
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#enqueue(output);
  }

  #enqueue(output: Output): void {
    this.#pending.push(output);
    this.#alarm.set(output.wakeAt);
    for (const read of this.#reads) addChanges(read, changesOf(output));
    if (!this.#committing) void this.#commit();
  }

  async #commit(): Promise<void> {
    this.#committing = true;
    try {
      while (this.#pending.length > 0) {
        const outputs = this.#pending;
        this.#pending = [];
        const changes = emptyChanges();
        for (const output of outputs) addChanges(changes, changesOf(output));
        if (changes.clear || changes.rows.size > 0) {
          this.#inFlight = changes;
          await this.#parts.store.apply(changes);
          this.#inFlight = emptyChanges();
          if (this.#ended) return;
        }
        for (const output of outputs) for (const effect of output.effects) this.#perform(effect);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#committing = false;
    }
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.end();
    this.#observer.failed(error);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'http':
        void request(this.#parts.fetch, effect, this.#ending.signal).then((response) =>
          this.#step((engine, now) =>
            response === null
              ? engine.httpFailed(effect.id, now)
              : engine.http(effect.id, response.status, response.body, now),
          ),
        );
        break;
      case 'open_socket':
        this.#socket.open();
        break;
      case 'send_frame':
        this.#socket.send(effect.frame);
        break;
      case 'close_socket':
        this.#socket.close();
        break;
      case 'read':
        void this.#read(effect.id, effect);
        break;
      case 'opaque':
        void this.#parts.passwords
          .perform(effect.ceremony, effect.step)
          .then((result) =>
            this.#step((engine, now) =>
              result === null
                ? engine.opaqueFailed(effect.id, now)
                : engine.opaque(effect.id, result.message, result.exportKey, now),
            ),
          );
        break;
      case 'reply':
        this.#observer.replied(effect.call, effect.ok, JSON.parse(effect.json));
        break;
      case 'event':
        this.#observer.event(JSON.parse(effect.json) as Event);
        break;
    }
  }

  async #read(id: number, range: Range): Promise<void> {
    const changes = emptyChanges();
    addChanges(changes, this.#inFlight);
    for (const output of this.#pending) addChanges(changes, changesOf(output));
    this.#reads.add(changes);
    try {
      for (let limit = range.limit; ; limit *= 2) {
        const stored = await this.#parts.store.read({ ...range, limit });
        if (this.#ended) return;
        const { rows, short } = overlay(range, stored.rows, changes);
        if (short) continue;
        if (stored.broken > 0) this.#observer.event(problemEvent({ code: 'storage_corrupt' }));
        this.#step((engine, now) => engine.rows(id, rows, now));
        return;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reads.delete(changes);
    }
  }
}

export function problemEvent(problem: Problem): Event {
  return { type: 'problem', problem };
}

function changesOf(output: Output): Changes {
  const changes = emptyChanges();
  for (const write of output.writes) {
    switch (write.kind) {
      case 'put':
        changes.rows.set(write.key, write.value);
        break;
      case 'delete':
        changes.rows.set(write.key, null);
        break;
      case 'clear':
        changes.clear = true;
        changes.rows.clear();
        break;
    }
  }
  return changes;
}

/** A wasm module that has trapped must not be entered again. */
function guarded<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new EngineCrashed('the engine has crashed', { cause: error });
  }
}
