// Which tab leads: the one that holds the Web Lock. The browser hands it on when the holder's worker is gone.

const LOCK = 'sotto-engine';

export interface LeadershipObserver {
  won(): void;
  /** Another tab has taken the lock from this one, which did not answer (it was frozen, say). */
  lost(): void;
}

export class Leadership {
  readonly #locks: Pick<LockManager, 'request'>;
  readonly #observer: LeadershipObserver;
  /** Leaves the queue, or gives the lock back. */
  #leave: (() => void) | undefined;

  constructor(locks: Pick<LockManager, 'request'>, observer: LeadershipObserver) {
    this.#locks = locks;
    this.#observer = observer;
  }

  /** Waits for the lock. */
  compete(): void {
    this.leave();
    const waiting = new AbortController();
    this.#leave = () => waiting.abort();
    this.#hold({ signal: waiting.signal });
  }

  /** Takes the lock from a leader that stands still. */
  seize(): void {
    this.leave();
    this.#leave = undefined;
    this.#hold({ steal: true });
  }

  leave(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  #hold(options: LockOptions): void {
    let state: 'waiting' | 'held' | 'given back' = 'waiting';
    this.#locks
      .request(LOCK, options, () => {
        if (options.signal?.aborted === true) return Promise.resolve();
        state = 'held';
        return new Promise<void>((giveBack) => {
          this.#leave = () => {
            state = 'given back';
            giveBack();
          };
          this.#observer.won();
        });
      })
      .catch(() => {
        // Left the queue, or lost the lock to another tab.
        if (state !== 'held') return;
        this.#leave = undefined;
        this.#observer.lost();
      });
  }
}
