// The window of one conversation that is in memory: a contiguous run of messages, extended at either end by cursor,
// trimmed at the other, so that a conversation of any length costs the same. Not concerned with scrolling.
import type { ConversationView, Event, MessageView } from '../generated/api';
import type { Engine } from './engine';
import { newId } from './ids';

const PAGE = 60;
/** More than three screens each way on a tall display; beyond it the far end is let go. */
const MOST = 240;

/** A message that was handed over and not yet taken into the engine's store. */
export interface Pending {
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

export class Timeline {
  readonly conversation: string;
  messages = $state.raw<readonly MessageView[]>([]);
  pending = $state.raw<readonly Pending[]>([]);
  older = $state(false);
  newer = $state(false);
  ready = $state(false);
  /** Order key of the first message that was unread when the person came here. */
  divider = $state<string | null>(null);
  dividerCount = $state(0);
  #engine: Engine;
  #loading = false;
  #stop: (() => void)[];

  constructor(engine: Engine, conversation: ConversationView) {
    this.#engine = engine;
    this.conversation = conversation.id;
    this.#stop = [engine.onEvent((event) => this.#hear(event)), engine.onResync(() => void this.#again())];
    this.divider = conversation.firstUnread;
    this.dividerCount = conversation.unread;
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  /** Loads the window around the first unread message, or the newest. */
  async open(): Promise<void> {
    const from = this.divider;
    if (from === null) {
      await this.toLatest();
    } else {
      const [after, before] = await Promise.all([
        this.#history({ before: null, from }),
        this.#history({ before: from, from: null }),
      ]);
      this.#show([...before.messages, ...after.messages], before.older, after.newer);
    }
    this.ready = true;
  }

  /** Asks again for what is on screen, when events may have been missed; the place that is being read stays in the window. */
  async #again(): Promise<void> {
    const first = this.messages[0];
    const last = this.messages.at(-1);
    try {
      if (first === undefined || last === undefined) {
        await this.toLatest();
      } else if (this.newer) {
        const same = await this.#history({ before: null, from: first.order }, this.messages.length);
        this.#show(same.messages, this.older, same.newer);
      } else {
        const newest = await this.#history({ before: null, from: null });
        const from = newest.messages[0]?.order;
        if (from === undefined || from > last.order) this.#show(newest.messages, newest.older, newest.newer);
        else this.messages = [...this.messages.filter(({ order }) => order < from), ...newest.messages];
      }
    } catch {
      // What is on screen stays; the next event or scroll asks again.
    }
  }

  async toLatest(): Promise<void> {
    const newest = await this.#history({ before: null, from: null });
    this.#show(newest.messages, newest.older, newest.newer);
  }

  async loadOlder(): Promise<void> {
    const first = this.messages[0];
    if (!this.older || this.#loading || first === undefined) return;
    this.#loading = true;
    try {
      const page = await this.#history({ before: first.order, from: null });
      const all = merge(page.messages, this.messages);
      const kept = all.slice(0, MOST);
      this.messages = kept;
      this.older = page.older;
      if (kept.length < all.length) this.newer = true;
    } finally {
      this.#loading = false;
    }
  }

  async loadNewer(): Promise<void> {
    const last = this.messages.at(-1);
    if (!this.newer || this.#loading || last === undefined) return;
    this.#loading = true;
    try {
      const page = await this.#history({ before: null, from: last.order });
      const all = merge(this.messages, page.messages);
      const kept = all.slice(-MOST);
      this.messages = kept;
      this.newer = page.newer;
      if (kept.length < all.length) this.older = true;
    } finally {
      this.#loading = false;
    }
  }

  /** Sends; shows the text at once. Rejects with the engine's problem, and then the text is the composer's again. */
  async send(text: string): Promise<void> {
    const pending: Pending = { id: newId(), text, at: Date.now() };
    this.pending = [...this.pending, pending];
    this.clearDivider();
    try {
      if (this.newer) await this.toLatest();
      const message = await this.#engine.call({
        type: 'send',
        conversation: this.conversation,
        id: pending.id,
        text,
      });
      this.#take(message);
    } finally {
      this.pending = this.pending.filter(({ id }) => id !== pending.id);
    }
  }

  clearDivider(): void {
    this.divider = null;
    this.dividerCount = 0;
  }

  #history(cursor: { before: string | null; from: string | null }, limit = PAGE) {
    return this.#engine.call({ type: 'history', conversation: this.conversation, limit, ...cursor });
  }

  #show(messages: readonly MessageView[], older: boolean, newer: boolean): void {
    this.messages = merge(messages, []);
    this.older = older;
    this.newer = newer;
  }

  #hear(event: Event): void {
    if (event.type === 'message' && event.message.conversation === this.conversation) {
      if (event.arrived && event.message.body.type === 'incoming' && !document.hasFocus())
        this.#cameUnseen(event.message);
      this.#take(event.message);
    } else if (event.type === 'message_removed' && event.conversation === this.conversation) {
      this.messages = this.messages.filter(({ id }) => id !== event.id);
    }
  }

  #cameUnseen(message: MessageView): void {
    this.divider ??= message.order;
    this.dividerCount += 1;
  }

  /** Puts a new or changed message in its place, where its place is within the window. */
  #take(message: MessageView): void {
    const at = this.messages.findIndex(({ id }) => id === message.id);
    if (at >= 0 && this.messages[at]?.order === message.order) {
      this.messages = this.messages.with(at, message);
      return;
    }
    const first = this.messages[0];
    const last = this.messages.at(-1);
    if (this.newer && last !== undefined && message.order > last.order) return;
    if (this.older && first !== undefined && message.order < first.order) return;
    this.messages = merge(
      this.messages.filter(({ id }) => id !== message.id),
      [message],
    );
    this.pending = this.pending.filter(({ id }) => id !== message.id);
  }
}

/** Both in one, by order key, each message once; what stands in `newer` wins. */
function merge(older: readonly MessageView[], newer: readonly MessageView[]): MessageView[] {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- lives within this call
  const byId = new Map<string, MessageView>();
  for (const message of older) byId.set(message.id, message);
  for (const message of newer) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
}
