// Notes on the desktop for what arrives while one looks elsewhere. Asked for from the settings, never on arrival.
import type { Event, MessageView } from '../generated/api';
import { m } from '../paraglide/messages.js';
import type { Conversations } from './conversations.svelte';
import type { Engine } from './engine';

export const NOTIFICATION_CONTENTS = ['all', 'name', 'nothing'] as const;
export type NotificationContent = (typeof NOTIFICATION_CONTENTS)[number];
/** `off`: not asked for. The others are the browser's answer. */
export type NotificationState = 'off' | 'on' | 'denied' | 'unsupported';

const ON_KEY = 'sotto.notify';
const CONTENT_KEY = 'sotto.notify.content';

export class Notifications {
  state = $state<NotificationState>(currentState());
  #content = $state<NotificationContent>(keptContent());
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page shows it
  #open = new Map<string, Notification>();
  #conversations: Conversations;
  #show: (conversation: string) => void;

  constructor(engine: Engine, conversations: Conversations, show: (conversation: string) => void) {
    this.#conversations = conversations;
    this.#show = show;
    engine.onEvent((event) => this.#hear(event));
  }

  get content(): NotificationContent {
    return this.#content;
  }

  set content(content: NotificationContent) {
    this.#content = content;
    keep(CONTENT_KEY, content);
  }

  async turnOn(): Promise<void> {
    const answer = await Notification.requestPermission();
    keep(ON_KEY, answer === 'granted' ? 'yes' : 'no');
    this.state = currentState();
  }

  turnOff(): void {
    keep(ON_KEY, 'no');
    this.state = currentState();
  }

  #hear(event: Event): void {
    if (event.type === 'message' && event.arrived && event.message.body.type === 'incoming')
      this.#arrived(event.message, event.message.body.text);
    else if (event.type === 'conversation' && event.conversation.unread === 0)
      this.#close(event.conversation.id);
  }

  #arrived(message: MessageView, text: string): void {
    if (this.state !== 'on' || document.hasFocus()) return;
    const { conversation: id } = message;
    const name = this.#conversations.get(id)?.person.username;
    const shown = this.#content === 'nothing' ? undefined : name;
    const note = new Notification(shown ?? m.app_name(), {
      body: this.#content === 'all' ? text.slice(0, 200) : m.notify_new(),
      tag: id,
      icon: '/favicon.svg',
    });
    note.onclick = () => {
      window.focus();
      this.#show(id);
      note.close();
    };
    note.onclose = () => this.#open.delete(id);
    this.#open.set(id, note);
  }

  #close(conversation: string): void {
    this.#open.get(conversation)?.close();
  }
}

function currentState(): NotificationState {
  if (!('Notification' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && read(ON_KEY) === 'yes' ? 'on' : 'off';
}

function keptContent(): NotificationContent {
  return NOTIFICATION_CONTENTS.find((content) => content === read(CONTENT_KEY)) ?? 'name';
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // No storage: the choice holds for this page.
  }
}
