// Keeps an engine running in the leading tab: starts a run, answers calls, and restores after a failure of the store.
import type { Command, Event, Problem } from '../generated/api';
import type { Outcome } from '../bridge/messages';
import { emptyChanges } from './overlay';
import { problemEvent, Run, StateBroken, type Parts } from './run';
import { FencedOff, StoreError, type Store } from './store';

const RETRY_FIRST_MS = 1_000;
/** A store that fails again so soon after a restart waits for the retry. */
const RESTART_PAUSE_MS = 5_000;
const RETRY_LAST_MS = 10_000;

export interface HostParts extends Omit<Parts, 'store'> {
  openStore(lost: () => void): Promise<Pick<Store, 'apply' | 'read' | 'close'>>;
}

export interface HostObserver {
  event(event: Event): void;
  /** Calls are answered from now on: an engine runs, newly restored, or the store has failed. What pages show may be out of date. */
  serving(): void;
  /** Another tab leads: the host has ended. Calls without an answer are to be asked there. */
  fencedOff(): void;
  /** The engine has a bug: the host has ended, and this worker can't run another engine. */
  crashed(): void;
}

interface Call {
  command: Command;
  settle: (outcome: Outcome) => void;
  given: boolean;
}

export class Host {
  readonly #parts: HostParts;
  readonly #observer: HostObserver;
  readonly #calls = new Map<number, Call>();
  readonly #states = new Map<Event['type'], Event>();
  #nextCall = 1;
  #run: Run | undefined;
  #store: Awaited<ReturnType<HostParts['openStore']>> | undefined;
  /** Counts starts and ends, so that what is left of an earlier one is told from the present one. */
  #attempt = 0;
  #retryAfter = RETRY_FIRST_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #restartedAt = 0;
  /** Why no engine can run at present. */
  #problem: Problem | undefined;
  /** The store was unreadable and has been cleared. */
  #startedAfresh = false;

  constructor(parts: HostParts, observer: HostObserver) {
    this.#parts = parts;
    this.#observer = observer;
    void this.#start();
  }

  /** Asks the engine. Settles unless the host ends first. */
  call(command: Command): Promise<Outcome> {
    if (this.#problem !== undefined) return Promise.resolve({ ok: false, problem: this.#problem });
    return new Promise((settle) => {
      const id = this.#nextCall++;
      const call = { command, settle, given: false };
      this.#calls.set(id, call);
      this.#give(id, call);
    });
  }

  /** The newest of the events that are states. */
  get states(): Event[] {
    return [...this.#states.values()];
  }

  networkUp(): void {
    this.#run?.networkUp();
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#end();
  }

  #end(): void {
    this.#attempt++;
    this.#run?.end();
    this.#run = undefined;
    this.#store?.close();
    this.#store = undefined;
  }

  #give(id: number, call: Call): void {
    if (this.#run === undefined || call.given) return;
    call.given = true;
    this.#run.command(id, JSON.stringify(call.command));
  }

  async #start(): Promise<void> {
    const attempt = ++this.#attempt;
    const isOver = () => this.#attempt !== attempt;
    const failed = (error: unknown) => {
      if (!isOver()) this.#failed(error);
    };
    try {
      const store = await this.#parts.openStore(() => failed(new StoreError('storage_refused')));
      if (isOver()) {
        store.close();
        return;
      }
      this.#store = store;
      const run = await this.#restore(store, failed);
      if (isOver()) {
        run.end();
        return;
      }
      this.#run = run;
      this.#problem = undefined;
      this.#observer.serving();
      for (const [id, call] of this.#calls) this.#give(id, call);
    } catch (error) {
      failed(error);
    }
  }

  async #restore(store: Parts['store'], failed: (error: unknown) => void): Promise<Run> {
    const parts: Parts = { ...this.#parts, store };
    const observer = {
      replied: (id: number, ok: boolean, value: unknown) => {
        this.#retryAfter = RETRY_FIRST_MS;
        this.#settle(id, ok ? { ok, reply: value } : { ok, problem: value as Problem });
      },
      event: (event: Event) => this.#event(event),
      failed,
    };
    try {
      return await Run.start(parts, observer);
    } catch (error) {
      if (!(error instanceof StateBroken)) throw error;
      // Keys that can't be read are gone; this browser becomes a new device at the next sign-in.
      this.#startedAfresh = true;
      await store.apply({ ...emptyChanges(), clear: true });
      this.#event(problemEvent({ code: 'storage_corrupt' }));
      return Run.start(parts, observer);
    }
  }

  #failed(error: unknown): void {
    const ran = this.#run !== undefined;
    this.#end();
    if (error instanceof FencedOff) {
      this.#observer.fencedOff();
      return;
    }
    if (error instanceof StoreError) {
      this.#storeFailed({ code: error.code }, ran);
      return;
    }
    this.#rejectAll({ code: 'internal' });
    this.#event(problemEvent({ code: 'internal' }));
    // A bug, of the engine or of the host: for whoever looks at the console.
    reportError(error);
    this.#observer.crashed();
  }

  /** `ran`: an engine had been restored, so that it is worth doing again at once. */
  #storeFailed(problem: Problem, ran: boolean): void {
    this.#rejectAll(problem);
    this.#event(problemEvent(problem));
    const now = Date.now();
    if (ran && now - this.#restartedAt > RESTART_PAUSE_MS) {
      this.#restartedAt = now;
      void this.#start();
      return;
    }
    if (!this.#states.has('account')) {
      this.#event({ type: 'account', account: { type: 'signed_out', reason: problem } });
    }
    this.#problem = problem;
    this.#observer.serving();
    this.#retry = setTimeout(() => void this.#start(), this.#retryAfter);
    this.#retryAfter = Math.min(2 * this.#retryAfter, RETRY_LAST_MS);
  }

  #rejectAll(problem: Problem): void {
    for (const id of [...this.#calls.keys()]) this.#settle(id, { ok: false, problem });
  }

  #settle(id: number, outcome: Outcome): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.settle(outcome);
  }

  #event(event: Event): void {
    const told = this.#withReason(event);
    if (told.type === 'account' || told.type === 'connection') this.#states.set(told.type, told);
    this.#observer.event(told);
  }

  /** The engine finds an empty store; only the host knows that it wasn't the person who emptied it. */
  #withReason(event: Event): Event {
    if (!this.#startedAfresh || event.type !== 'account') return event;
    if (event.account.type === 'signed_in') {
      this.#startedAfresh = false;
      return event;
    }
    return {
      ...event,
      account: { ...event.account, reason: event.account.reason ?? { code: 'storage_corrupt' } },
    };
  }
}
