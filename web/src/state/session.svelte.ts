// Who is signed in on this browser, to which relay, and how the connection stands.
import type { AccountView, ConnectionView, RelayView } from '../generated/api';
import type { Engine } from './engine';

export class Session {
  /** Nothing yet: the engine is starting. */
  account = $state.raw<AccountView | null>(null);
  connection = $state.raw<ConnectionView>({ type: 'connecting' });
  relay = $state.raw<RelayView | null>(null);
  /** The recovery key between registration and its confirmation; kept nowhere else in the page. */
  recoveryKey = $state<string | null>(null);
  /** Registration is under way: the account is there before its recovery key is. */
  registering = $state(false);
  /** The person signed out here: whatever else is said of it then is no news. */
  #left = false;
  #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.onEvent((event) => {
      if (event.type === 'account') this.account = this.#seen(event.account);
      else if (event.type === 'connection') this.connection = event.connection;
    });
  }

  async loadRelay(): Promise<void> {
    this.relay = await this.#engine.call({ type: 'relay' });
  }

  async register(username: string, password: string, invitation: string | null): Promise<void> {
    this.registering = true;
    try {
      this.recoveryKey = await this.#engine.call({ type: 'register', username, password, invitation });
    } finally {
      this.registering = false;
    }
  }

  async confirmRecoveryKey(words: string): Promise<void> {
    await this.#engine.call({ type: 'confirm_recovery_key', words });
  }

  signIn(username: string, password: string) {
    return this.#engine.call({ type: 'sign_in', username, password });
  }

  recover(username: string, words: string, password: string) {
    return this.#engine.call({ type: 'recover', username, words, password });
  }

  async signOut(): Promise<void> {
    this.#left = true;
    try {
      await this.#engine.call({ type: 'sign_out' });
    } catch (error) {
      this.#left = false;
      throw error;
    }
    this.recoveryKey = null;
  }

  devices() {
    return this.#engine.call({ type: 'devices' });
  }

  removeDevice(device: string) {
    return this.#engine.call({ type: 'remove_device', device });
  }

  reconnect() {
    return this.#engine.call({ type: 'reconnect' });
  }

  #seen(account: AccountView): AccountView {
    if (account.type === 'signed_in') this.#left = false;
    return account.type === 'signed_out' && this.#left ? { type: 'signed_out', reason: null } : account;
  }
}
