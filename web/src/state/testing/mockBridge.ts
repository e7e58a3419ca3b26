// An engine that only plays: plausible people and conversations, so that every screen can be seen without a server.
// `?mock` signed in · `=out` signed out · `=empty` nobody yet · `=offline` · `=unconfirmed` · `=slow`.
import type {
  AccountView,
  CommandReplies,
  ConversationView,
  DeviceView,
  Event,
  MessageBody,
  MessageState,
  MessageView,
  VerificationView,
} from '../../generated/api';
import { type Bridge, type CommandOf, type CommandType } from '../../bridge/bridge';
import { newId } from '../ids';
import { usernameProblem } from '../username';
import { INES, MAREN, STRANGER, TOMAS, ELENI, type Line, TOWN, WORDS, idOf, person } from './cast';
import { parse } from './markdown';
import { bodyOf, checkWords, fail, previewOf, safety, windowOf } from './replies';

const MINUTE = 60_000;

type Handler<C extends CommandType> = (command: CommandOf<C>) => CommandReplies[C];

interface Talk {
  view: ConversationView;
  messages: MessageView[];
}

export class MockBridge implements Bridge {
  #talks = new Map<string, Talk>();
  #listeners = new Set<(event: Event) => void>();
  #account: AccountView;
  #online: boolean;
  #slow: boolean;
  #order = 1_000_000;
  #devices: DeviceView[] = [
    { id: 'Jq3n5mY0T3yqk9sN0vVd4g', this: true, addedAt: Date.now() - 40 * 24 * 60 * MINUTE },
    { id: 'b7Xw2LrPQZ6aTgFhUeMk1A', this: false, addedAt: Date.now() - 12 * 24 * 60 * MINUTE },
  ];

  constructor(options: URLSearchParams) {
    const kind = options.get('mock') ?? '';
    this.#online = kind !== 'offline';
    this.#slow = kind === 'slow';
    this.#account =
      kind === 'out'
        ? { type: 'signed_out', reason: null }
        : kind === 'removed'
          ? { type: 'signed_out', reason: { code: 'device_removed' } }
          : this.#signedIn('Alma', kind !== 'unconfirmed');
    if (kind !== 'empty' && kind !== 'out') this.#fill();
    if (options.has('typing')) {
      const talk = this.#talks.get(idOf('Ines'));
      if (talk !== undefined) talk.view = { ...talk.view, typing: true };
    }
  }

  async call<C extends CommandType>(command: CommandOf<C>): Promise<CommandReplies[C]> {
    await new Promise((resolve) => setTimeout(resolve, this.#slow ? 1_500 : 15));
    const handler = this.#handlers[command.type] as Handler<C>;
    return handler(command);
  }

  onEvent(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    queueMicrotask(() => {
      listener({ type: 'account', account: this.#account });
      listener({
        type: 'connection',
        connection: this.#online
          ? { type: 'online', caughtUp: true }
          : { type: 'offline', retryAt: Date.now() + 27_000 },
      });
    });
    return () => this.#listeners.delete(listener);
  }

  onResync(): () => void {
    return () => undefined;
  }

  expectPassword(): void {
    // Nothing to load.
  }

  /** Somebody writes; for trying things out in the console. */
  say(name: string, text: string): void {
    const talk = this.#talks.get(idOf(name));
    if (talk === undefined) return;
    const message = this.#line(talk, { type: 'incoming', text, document: parse(text) }, Date.now());
    talk.view = {
      ...talk.view,
      unread: talk.view.unread + 1,
      firstUnread: talk.view.firstUnread ?? message.order,
      typing: false,
    };
    this.#refresh(talk);
    this.#emit({ type: 'message', message, arrived: true });
  }

  #handlers: { [C in CommandType]: Handler<C> } = {
    relay: () => ({ name: 'Paper Street Press', registration: 'open' }),
    register: ({ username, password }) => {
      const problem = usernameProblem(username);
      if (problem !== null) fail(problem);
      if (username.toLowerCase() === 'ines') fail({ code: 'username_taken' });
      if (password === '') fail({ code: 'password_unusable' });
      this.#sign(this.#signedIn(username, false));
      return WORDS;
    },
    confirm_recovery_key: ({ words }) => {
      checkWords(words);
      this.#sign(this.#signedIn(this.#name(), true));
      return null;
    },
    recovery_key: () => {
      if (this.#account.type !== 'signed_in' || this.#account.recoveryConfirmed) fail({ code: 'unknown' });
      return WORDS;
    },
    sign_in: ({ username, password }) => {
      if (password === 'wrong') fail({ code: 'credentials_wrong' });
      this.#fill();
      this.#sign(this.#signedIn(username, true));
      return null;
    },
    recover: ({ username, words }) => {
      checkWords(words);
      this.#sign(this.#signedIn(username, true));
      return null;
    },
    sign_out: () => {
      this.#talks.clear();
      this.#sign({ type: 'signed_out', reason: null });
      return null;
    },
    devices: () => this.#devices,
    remove_device: ({ device }) => {
      this.#devices = this.#devices.filter(({ id }) => id !== device);
      return null;
    },
    search_people: ({ prefix }) =>
      TOWN.filter(({ username }) => username.toLowerCase().startsWith(prefix.toLowerCase())),
    open_conversation: ({ account }) => {
      const known = this.#talks.get(account);
      if (known !== undefined) return known.view;
      const found = TOWN.find((one) => one.account === account) ?? fail({ code: 'person_unknown' });
      return this.#open(found.username).view;
    },
    conversations: () => [...this.#talks.values()].map(({ view }) => view),
    accept_request: ({ conversation }) => this.#change(conversation, { standing: 'accepted' }),
    block: ({ conversation }) => this.#change(conversation, { standing: 'blocked' }),
    unblock: ({ conversation }) => this.#change(conversation, { standing: 'accepted' }),
    send: ({ conversation, id, text }) => {
      const talk = this.#talk(conversation);
      if (text.trim() === '') fail({ code: 'message_empty' });
      if (talk.view.verification.type === 'changed_verified') fail({ code: 'verification_broken' });
      const message = this.#line(
        talk,
        { type: 'outgoing', text, document: parse(text), state: { type: 'queued' } },
        Date.now(),
        id,
      );
      this.#refresh(talk);
      if (this.#online) this.#progress(talk, id);
      return message;
    },
    retry: ({ conversation, id }) => {
      this.#progress(this.#talk(conversation), id);
      return null;
    },
    discard: ({ conversation, id }) => {
      const talk = this.#talk(conversation);
      talk.messages = talk.messages.filter((message) => message.id !== id);
      this.#refresh(talk);
      this.#emit({ type: 'message_removed', conversation, id });
      return null;
    },
    history: ({ conversation, before, from, limit }) =>
      windowOf(this.#talk(conversation).messages, before, from, limit),
    mark_read: ({ conversation, through }) => {
      const talk = this.#talk(conversation);
      const left = talk.messages.filter(({ order, body }) => order > through && body.type === 'incoming');
      const unread = Math.min(left.length, talk.view.unread);
      return this.#change(conversation, {
        unread,
        firstUnread: unread === 0 ? null : (left[0]?.order ?? null),
      });
    },
    set_draft: ({ conversation, text }) => this.#change(conversation, { draft: text }),
    typing: () => null,
    safety: ({ conversation }) => safety(this.#talk(conversation).view.verification),
    compare_code: ({ conversation, code, method }) => {
      if (code.startsWith('other')) fail({ code: 'code_other_people' });
      if (code.length < 20) fail({ code: 'code_malformed' });
      if (code.includes('different')) return 'mismatch';
      this.#verify(conversation, method);
      return 'match';
    },
    withdraw_verification: ({ conversation }) => {
      this.#notice(this.#talk(conversation), { type: 'notice', notice: { type: 'verification_withdrawn' } });
      return this.#change(conversation, { verification: { type: 'unverified' } });
    },
    reconnect: () => {
      this.#emit({ type: 'connection', connection: { type: 'connecting' } });
      setTimeout(
        () =>
          this.#emit({ type: 'connection', connection: { type: 'offline', retryAt: Date.now() + 40_000 } }),
        900,
      );
      return null;
    },
  };

  #signedIn(username: string, recoveryConfirmed: boolean): AccountView {
    return {
      type: 'signed_in',
      account: idOf('me'),
      username,
      device: 'Jq3n5mY0T3yqk9sN0vVd4g',
      recoveryConfirmed,
    };
  }

  #name(): string {
    return this.#account.type === 'signed_in' ? this.#account.username : '';
  }

  #sign(account: AccountView): void {
    this.#account = account;
    this.#emit({ type: 'account', account });
  }

  #talk(id: string): Talk {
    return this.#talks.get(id) ?? fail({ code: 'unknown' });
  }

  #emit(event: Event): void {
    for (const listener of this.#listeners) listener(event);
  }

  #open(username: string, changes: Partial<ConversationView> = {}): Talk {
    const view: ConversationView = {
      id: idOf(username),
      person: person(username),
      standing: 'accepted',
      verification: { type: 'unverified' },
      preview: null,
      unread: 0,
      firstUnread: null,
      draft: '',
      updatedAt: Date.now(),
      typing: false,
      ...changes,
    };
    const talk = { view, messages: [] };
    this.#talks.set(view.id, talk);
    return talk;
  }

  #line(talk: Talk, body: MessageBody, at: number, id = newId()): MessageView {
    const message = {
      id,
      conversation: talk.view.id,
      order: String(this.#order++).padStart(12, '0'),
      at,
      body,
    };
    talk.messages.push(message);
    return message;
  }

  #notice(talk: Talk, body: Extract<MessageBody, { type: 'notice' }>): void {
    this.#emit({ type: 'message', message: this.#line(talk, body, Date.now()), arrived: false });
  }

  #refresh(talk: Talk): void {
    const newest = talk.messages.at(-1);
    talk.view = {
      ...talk.view,
      preview: newest === undefined ? null : previewOf(newest),
      updatedAt: newest?.at ?? talk.view.updatedAt,
    };
    this.#emit({ type: 'conversation', conversation: talk.view });
  }

  #change(id: string, changes: Partial<ConversationView>): null {
    const talk = this.#talk(id);
    talk.view = { ...talk.view, ...changes };
    this.#emit({ type: 'conversation', conversation: talk.view });
    return null;
  }

  #verify(id: string, method: 'qr' | 'code' | 'aloud'): null {
    this.#notice(this.#talk(id), { type: 'notice', notice: { type: 'verified', method } });
    return this.#change(id, {
      verification: { type: 'verified', at: Date.now(), device: 'Jq3n5mY0T3yqk9sN0vVd4g', method },
    });
  }

  #progress(talk: Talk, id: string): void {
    const states: MessageState[] = [{ type: 'sent' }, { type: 'delivered' }, { type: 'read' }];
    states.forEach((state, step) =>
      setTimeout(
        () => {
          const at = talk.messages.findIndex((message) => message.id === id);
          const message = talk.messages[at];
          if (message?.body.type !== 'outgoing') return;
          const changed = { ...message, body: { ...message.body, state } };
          talk.messages[at] = changed;
          this.#refresh(talk);
          this.#emit({ type: 'message', message: changed, arrived: false });
        },
        (step + 1) * 700,
      ),
    );
  }

  #fill(): void {
    const verified: VerificationView = {
      type: 'verified',
      at: Date.now() - 26 * 60 * MINUTE,
      device: 'Jq3n5mY0T3yqk9sN0vVd4g',
      method: 'qr',
    };
    this.#play('Ines', INES, { verification: verified });
    this.#play('Tomas.Reyes', TOMAS, { draft: '' }, 3);
    this.#play('Maren', MAREN, { verification: { type: 'changed_verified', at: Date.now() - 40 * MINUTE } });
    this.#play('Eleni', ELENI, { draft: 'Και μετά' });
    this.#play('paper.and.thread', STRANGER, { standing: 'request' }, 1);
    this.#endless();
    this.#broken();
  }

  #play(name: string, lines: readonly Line[], changes: Partial<ConversationView>, unread = 0): void {
    const talk = this.#open(name, changes);
    const now = Date.now();
    for (const { who, ago, text } of lines) this.#line(talk, bodyOf(who, text), now - ago * MINUTE);
    const first = unread === 0 ? undefined : talk.messages.at(-unread);
    talk.view = { ...talk.view, unread, firstUnread: first?.order ?? null };
    this.#refresh(talk);
  }

  /** A hundred thousand messages. */
  #endless(): void {
    const talk = this.#open('Anselm');
    const now = Date.now();
    for (let index = 0; index < 99_999; index++) {
      const text = `No. ${index + 1}. ${'Ut pictura poesis. '.repeat((index * 7) % 5)}`;
      this.#line(
        talk,
        bodyOf((index >> 2) % 2 === 0 ? 'them' : 'me', text),
        now - (100_040 - index) * 3 * MINUTE,
      );
    }
    this.#line(
      talk,
      bodyOf('them', 'A hundred thousand slips, and not one of them lost.'),
      now - 118 * MINUTE,
    );
    this.#refresh(talk);
  }

  /** One of every trouble. */
  #broken(): void {
    const talk = this.#open('Beatrix');
    const at = Date.now() - 9 * 24 * 60 * MINUTE;
    this.#line(talk, bodyOf('them', 'Are you there?'), at);
    this.#line(talk, { type: 'notice', notice: { type: 'damaged' } }, at + MINUTE);
    this.#line(talk, { type: 'notice', notice: { type: 'lost' } }, at + 2 * MINUTE);
    this.#line(
      talk,
      { type: 'notice', notice: { type: 'key_changed', wasVerified: false } },
      at + 3 * MINUTE,
    );
    this.#line(
      talk,
      {
        type: 'outgoing',
        text: 'I am',
        document: parse('I am'),
        state: { type: 'failed', problem: { code: 'mailbox_full' } },
      },
      at + 4 * MINUTE,
    );
    this.#line(
      talk,
      { type: 'outgoing', text: 'Still here', document: parse('Still here'), state: { type: 'queued' } },
      at + 5 * MINUTE,
    );
    this.#refresh(talk);
  }
}
