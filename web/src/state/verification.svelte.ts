// One comparison of keys with one person: what both sides see, and how it came out.
import type { Comparison, Problem, SafetyView, VerificationMethod } from '../generated/api';
import type { Engine } from './engine';
import { problemOf } from './engine';

export class Verification {
  safety = $state.raw<SafetyView | null>(null);
  outcome = $state<Comparison | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  readonly #conversation: string;
  #engine: Engine;

  constructor(engine: Engine, conversation: string) {
    this.#engine = engine;
    this.#conversation = conversation;
  }

  async load(): Promise<void> {
    await this.#attempt(async () => {
      this.safety = await this.#engine.call({ type: 'safety', conversation: this.#conversation });
    });
  }

  /** `code`: as pasted, or the scanned bytes as base64url. */
  async compare(code: string, method: VerificationMethod): Promise<void> {
    await this.#attempt(async () => {
      this.outcome = await this.#engine.call({
        type: 'compare_code',
        conversation: this.#conversation,
        code,
        method,
      });
    });
  }

  /** The own code goes along: another key may have come since its digits were shown, and would not be the compared one. */
  async sameDigits(): Promise<void> {
    if (this.safety !== null) await this.compare(this.safety.code, 'aloud');
  }

  differ(): void {
    this.outcome = 'mismatch';
  }

  async withdraw(): Promise<void> {
    await this.#attempt(async () => {
      await this.#engine.call({ type: 'withdraw_verification', conversation: this.#conversation });
    });
  }

  async again(): Promise<void> {
    this.outcome = null;
    this.safety = null;
    await this.load();
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = problemOf(error);
    } finally {
      this.busy = false;
    }
  }
}
