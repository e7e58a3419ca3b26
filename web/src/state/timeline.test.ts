import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConversationView, Event, HistoryView, MessageView } from '../generated/api';
import { BridgeError } from '../bridge/bridge';
import type { Engine } from './engine';
import { Timeline } from './timeline.svelte';

const CONVERSATION: ConversationView = {
  id: 'c',
  person: { account: 'c', username: 'Ines' },
  standing: 'accepted',
  verification: { type: 'unverified' },
  preview: null,
  unread: 0,
  firstUnread: null,
  draft: '',
  updatedAt: 0,
  typing: false,
};

const key = (index: number) => String(index).padStart(6, '0');

function message(index: number, conversation = 'c'): MessageView {
  return {
    id: `m${index}`,
    conversation,
    order: key(index),
    at: index * 1_000,
    body: { type: 'incoming', text: `${index}`, document: [] },
  };
}

/** A store of so many messages, and a way to tell the page things. */
function engineOf(count: number) {
  const all = Array.from({ length: count }, (_, index) => message(index));
  let tell: (event: Event) => void = () => undefined;
  let resync: () => void = () => undefined;
  let refusal: BridgeError | null = null;
  const history = (before: string | null, from: string | null, limit: number): HistoryView => {
    const end =
      before === null
        ? from === null
          ? all.length
          : undefined
        : all.findIndex(({ order }) => order >= before);
    const start =
      from === null ? Math.max(0, (end ?? 0) - limit) : all.findIndex(({ order }) => order >= from);
    const stop = end ?? Math.min(all.length, start + limit);
    return { messages: all.slice(start, stop), older: start > 0, newer: stop < all.length };
  };
  const engine = {
    call: (command: {
      type: string;
      before: string | null;
      from: string | null;
      limit: number;
      id: string;
      text: string;
    }) => {
      if (refusal !== null) return Promise.reject(refusal);
      if (command.type === 'history')
        return Promise.resolve(history(command.before, command.from, command.limit));
      const sent: MessageView = {
        ...message(all.length),
        id: command.id,
        body: { type: 'outgoing', text: command.text, document: [], state: { type: 'queued' } },
      };
      all.push(sent);
      return Promise.resolve(sent);
    },
    onEvent: (listener: (event: Event) => void) => {
      tell = listener;
      return () => undefined;
    },
    onResync: (listener: () => void) => {
      resync = listener;
      return () => undefined;
    },
    expectPassword: () => undefined,
  };
  return {
    engine: engine as unknown as Engine,
    tell: (event: Event) => tell(event),
    /** Something came while nobody was told. */
    missed: (change: (all: MessageView[]) => void) => {
      change(all);
      resync();
    },
    refuse: (problem: BridgeError) => (refusal = problem),
  };
}

const orders = (timeline: Timeline) => timeline.messages.map(({ order }) => order);

beforeEach(() => vi.stubGlobal('document', { hasFocus: () => true }));

describe('the window of a conversation', () => {
  it('opens at the newest', async () => {
    const { engine } = engineOf(1_000);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    expect(timeline.messages.at(-1)?.order).toBe(key(999));
    expect([timeline.older, timeline.newer]).toEqual([true, false]);
  });

  it('opens around the first unread message', async () => {
    const { engine } = engineOf(1_000);
    const timeline = new Timeline(engine, { ...CONVERSATION, unread: 500, firstUnread: key(500) });
    await timeline.open();
    expect(orders(timeline)).toContain(key(499));
    expect(orders(timeline)).toContain(key(500));
    expect([timeline.older, timeline.newer, timeline.dividerCount]).toEqual([true, true, 500]);
  });

  it('stays contiguous and bounded while one reads all the way up and down again', async () => {
    const { engine } = engineOf(1_000);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    const check = () => {
      const now = orders(timeline);
      expect(now.length).toBeLessThanOrEqual(240);
      now.slice(1).forEach((order, index) => expect(Number(order)).toBe(Number(now[index]) + 1));
    };
    while (timeline.older) {
      await timeline.loadOlder();
      check();
    }
    expect(timeline.messages[0]?.order).toBe(key(0));
    while (timeline.newer) {
      await timeline.loadNewer();
      check();
    }
    expect(timeline.messages.at(-1)?.order).toBe(key(999));
  });

  it('takes a new message in at the end, once, and leaves others’ alone', async () => {
    const { engine, tell } = engineOf(3);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    tell({ type: 'message', message: message(3), arrived: true });
    tell({ type: 'message', message: message(3), arrived: false });
    tell({ type: 'message', message: message(4, 'other'), arrived: true });
    expect(orders(timeline)).toEqual([0, 1, 2, 3].map(key));
  });

  it('keeps a new message out while its place is beyond the window', async () => {
    const { engine, tell } = engineOf(1_000);
    const timeline = new Timeline(engine, { ...CONVERSATION, unread: 900, firstUnread: key(100) });
    await timeline.open();
    tell({ type: 'message', message: message(1_000), arrived: true });
    expect(orders(timeline)).not.toContain(key(1_000));
    expect(timeline.newer).toBe(true);
  });

  it('shows what was sent at once and in its place when it is stored', async () => {
    const { engine } = engineOf(2);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    const sending = timeline.send('hello');
    expect(timeline.pending.map(({ text }) => text)).toEqual(['hello']);
    await sending;
    expect(timeline.pending).toEqual([]);
    expect(timeline.messages.at(-1)?.body).toMatchObject({ type: 'outgoing', text: 'hello' });
  });

  it('gives a refused text back', async () => {
    const { engine, refuse } = engineOf(2);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    refuse(new BridgeError({ code: 'verification_broken' }));
    await expect(timeline.send('hello')).rejects.toThrow('verification_broken');
    expect(timeline.pending).toEqual([]);
    expect(timeline.messages).toHaveLength(2);
  });

  it('takes a discarded message out', async () => {
    const { engine, tell } = engineOf(2);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    tell({ type: 'message_removed', conversation: 'c', id: 'm0' });
    expect(orders(timeline)).toEqual([key(1)]);
  });

  it('makes up for missed events without losing the place that is being read', async () => {
    const { engine, missed } = engineOf(1_000);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    await timeline.loadOlder();
    const before = orders(timeline);
    missed((all) => {
      all.splice(990, 1);
      all.push(message(1_000));
    });
    await vi.waitFor(() => expect(orders(timeline)).toContain(key(1_000)));
    expect(orders(timeline)).toEqual([...before.filter((order) => order !== key(990)), key(1_000)]);
  });

  it('shows the newest after having missed more than a window', async () => {
    const { engine, missed } = engineOf(100);
    const timeline = new Timeline(engine, CONVERSATION);
    await timeline.open();
    missed((all) => {
      for (let index = 100; index < 500; index++) all.push(message(index));
    });
    await vi.waitFor(() => expect(orders(timeline).at(-1)).toBe(key(499)));
    expect(timeline.older).toBe(true);
  });
});
