// The password ceremonies (OPAQUE), in a module of their own that loads while the person types.
import type { OpaqueStep } from '../generated/engine/engine';

/** Ceremonies under way at once. */
const OPEN_MAX = 4;

export interface CeremonyResult {
  message: Uint8Array<ArrayBuffer>;
  exportKey: Uint8Array<ArrayBuffer> | undefined;
}

/** A ceremony between start and finish, which holds the password. Finishing or abandoning it ends it. */
export interface Ceremony {
  finish(username: string, response: Uint8Array<ArrayBuffer>): CeremonyResult;
  abandon(): void;
}

interface Started {
  message: Uint8Array<ArrayBuffer>;
  ceremony: Ceremony;
}

/** What the module does; starting and finishing throw if the ceremony fails. */
export interface PasswordModule {
  startRegistration(password: string): Started;
  startLogin(password: string): Started;
}

export class Passwords {
  readonly #load: () => Promise<PasswordModule>;
  readonly #open = new Map<number, Ceremony>();
  #module: Promise<PasswordModule> | undefined;

  constructor(load: () => Promise<PasswordModule>) {
    this.#load = load;
  }

  /** Starts loading the module, unless that has begun. */
  expect(): void {
    void this.#loaded().catch(() => undefined);
  }

  /** Answers `null` if the ceremony failed. Never rejects. */
  async perform(ceremony: number, step: OpaqueStep): Promise<CeremonyResult | null> {
    try {
      const module = await this.#loaded();
      switch (step.kind) {
        case 'registration_start':
          return this.#start(ceremony, module.startRegistration(step.password));
        case 'login_start':
          return this.#start(ceremony, module.startLogin(step.password));
        case 'registration_finish':
        case 'login_finish':
          return this.#finish(ceremony, step.username, step.response);
      }
    } catch {
      return null;
    }
  }

  #start(number: number, started: Started): CeremonyResult {
    // What was begun and never finished (the relay refused, say) is given up when newer ones come.
    for (const [old, abandoned] of this.#open) {
      if (this.#open.size < OPEN_MAX) break;
      abandoned.abandon();
      this.#open.delete(old);
    }
    this.#open.set(number, started.ceremony);
    return { message: started.message, exportKey: undefined };
  }

  #finish(number: number, username: string, response: Uint8Array<ArrayBuffer>): CeremonyResult | null {
    const ceremony = this.#open.get(number);
    this.#open.delete(number);
    return ceremony?.finish(username, response) ?? null;
  }

  #loaded(): Promise<PasswordModule> {
    this.#module ??= this.#load().catch((error: unknown) => {
      // Offline, say: the next ceremony tries again.
      this.#module = undefined;
      throw error;
    });
    return this.#module;
  }
}
