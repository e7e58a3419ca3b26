// What is typed and not sent in one conversation: kept through the engine, so that it survives a reload.
import type { ConversationView } from '../generated/api';
import type { Engine } from './engine';

const PAUSE = 400;
const TYPING_EVERY = 3_000;
/** The engine's limit for one message. */
export const MESSAGE_BYTES = 64 * 1024;
const COUNT_FROM = MESSAGE_BYTES - 4 * 1024;

const encoder = new TextEncoder();

export class Draft {
  readonly conversation: string;
  text = $state('');
  /** Bytes, once they come near the limit; counting starts there, as short texts can't be near. */
  readonly bytes = $derived(this.text.length * 3 < COUNT_FROM ? 0 : encoder.encode(this.text).length);
  readonly nearLimit = $derived(this.bytes >= COUNT_FROM);
  readonly tooLong = $derived(this.bytes > MESSAGE_BYTES);
  readonly empty = $derived(this.text.trim() === '');
  #engine: Engine;
  #kept: string | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #typedAt = 0;

  constructor(engine: Engine, conversation: ConversationView) {
    this.#engine = engine;
    this.conversation = conversation.id;
    this.text = conversation.draft;
    this.#kept = conversation.draft;
  }

  type(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.keep(), PAUSE);
    const now = Date.now();
    if (text !== '' && now - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = now;
      this.#engine.call({ type: 'typing', conversation: this.conversation }).catch(() => undefined);
    }
  }

  /** Takes the text out, to be sent. */
  take(): string {
    const { text } = this;
    this.text = '';
    this.#typedAt = 0;
    this.keep();
    return text;
  }

  /** Puts a text back that could not be sent, before anything typed since. */
  putBack(text: string): void {
    this.text = this.text === '' ? text : `${text}\n${this.text}`;
    this.keep();
  }

  keep(): void {
    clearTimeout(this.#timer);
    if (this.text === this.#kept) return;
    const { text } = this;
    this.#kept = text;
    this.#engine.call({ type: 'set_draft', conversation: this.conversation, text }).catch(() => {
      // Not kept: the next keystroke tries again.
      if (this.#kept === text) this.#kept = null;
    });
  }
}
