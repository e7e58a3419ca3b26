// The real bridge: the worker, by messages.
import type { CommandReplies, Event } from '../generated/api';
import { BridgeError, type Bridge, type CommandOf, type CommandType } from './bridge';
import { keepStorage } from './lifecycle';
import type { Outcome, ToPage, ToWorker } from './messages';
import { startWorker } from './worker';

/** What the bridge needs of a worker; tests give a fake one. */
export interface WorkerPort {
  post(message: ToWorker): void;
  listen(receive: (message: ToPage) => void): void;
  /** The worker could not be loaded or has died. */
  onFailure(failed: () => void): void;
}

/** Starts this tab's worker. Once per page. */
export function connect(): Bridge {
  return new WorkerBridge(startWorker());
}

export class WorkerBridge implements Bridge {
  readonly #port: WorkerPort;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #resyncListeners = new Set<() => void>();
  readonly #states = new Map<Event['type'], Event>();
  #nextCall = 1;
  #failed = false;

  constructor(port: WorkerPort) {
    this.#port = port;
    port.listen((message) => this.#receive(message));
    port.onFailure(() => this.#fail());
  }

  call<C extends CommandType>(command: CommandOf<C>): Promise<CommandReplies[C]> {
    if (this.#failed) return Promise.reject(new BridgeError({ code: 'internal' }));
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (outcome) => {
        if (outcome.ok) resolve(outcome.reply as CommandReplies[C]);
        else reject(new BridgeError(outcome.problem));
      });
      // A copy without reactive proxies, which can't be posted.
      this.#port.post({ kind: 'call', id, command: { ...command } });
    });
  }

  onEvent(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    queueMicrotask(() => {
      if (!this.#listeners.has(listener)) return;
      for (const event of this.#states.values()) listener(event);
    });
    return () => this.#listeners.delete(listener);
  }

  onResync(listener: () => void): () => void {
    this.#resyncListeners.add(listener);
    return () => this.#resyncListeners.delete(listener);
  }

  expectPassword(): void {
    this.#port.post({ kind: 'expect_password' });
  }

  #receive(message: ToPage): void {
    switch (message.kind) {
      case 'outcome': {
        const settle = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        settle?.(message.outcome);
        break;
      }
      case 'event':
        this.#tell(message.event);
        break;
      case 'snapshot': {
        const first = this.#states.size === 0;
        for (const event of message.events) this.#tell(event);
        if (!first) for (const listener of this.#resyncListeners) listener();
        break;
      }
      case 'crashed':
        // Calls have been rejected one by one; the port starts another worker.
        break;
    }
  }

  #tell(event: Event): void {
    if (event.type === 'account' || event.type === 'connection') this.#states.set(event.type, event);
    if (event.type === 'account' && event.account.type === 'signed_in') keepStorage();
    for (const listener of this.#listeners) listener(event);
  }

  #fail(): void {
    this.#failed = true;
    for (const settle of this.#waiting.values()) settle({ ok: false, problem: { code: 'internal' } });
    this.#waiting.clear();
    this.#tell({ type: 'problem', problem: { code: 'internal' } });
  }
}
