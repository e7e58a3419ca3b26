// The conversations of this account, as the engine tells of them.
import { SvelteMap } from 'svelte/reactivity';
import type { ConversationView } from '../generated/api';
import type { Engine } from './engine';

export class Conversations {
  ready = $state(false);
  #all = new SvelteMap<string, ConversationView>();
  #engine: Engine;

  /** Newest first; blocked people are found by search and in their conversation, not here. */
  readonly accepted = $derived(this.#sorted('accepted'));
  readonly requests = $derived(this.#sorted('request'));
  readonly unread = $derived(
    this.accepted.reduce((sum, { unread }) => sum + unread, 0) + this.requests.length,
  );

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.onEvent((event) => {
      if (event.type === 'conversation') this.#all.set(event.conversation.id, event.conversation);
      else if (event.type === 'account' && event.account.type === 'signed_out') this.#forget();
    });
    engine.onResync(() => {
      if (this.ready) void this.load().catch(() => undefined);
    });
  }

  get(id: string): ConversationView | undefined {
    return this.#all.get(id);
  }

  async load(): Promise<void> {
    const list = await this.#engine.call({ type: 'conversations' });
    for (const conversation of list) this.#all.set(conversation.id, conversation);
    this.ready = true;
  }

  /** The conversation with this person, made if there was none. */
  async with(account: string): Promise<ConversationView> {
    const conversation = await this.#engine.call({ type: 'open_conversation', account });
    this.#all.set(conversation.id, conversation);
    return conversation;
  }

  accept(conversation: string) {
    return this.#engine.call({ type: 'accept_request', conversation });
  }

  block(conversation: string) {
    return this.#engine.call({ type: 'block', conversation });
  }

  unblock(conversation: string) {
    return this.#engine.call({ type: 'unblock', conversation });
  }

  markRead(conversation: string, through: string) {
    return this.#engine.call({ type: 'mark_read', conversation, through });
  }

  #sorted(standing: ConversationView['standing']): ConversationView[] {
    return [...this.#all.values()]
      .filter((conversation) => conversation.standing === standing)
      .sort((a, b) => b.updatedAt - a.updatedAt);
  }

  #forget(): void {
    this.#all.clear();
    this.ready = false;
  }
}
