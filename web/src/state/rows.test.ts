import { describe, expect, it } from 'vitest';
import type { MessageBody, MessageView } from '../generated/api';
import { rowsOf } from './rows';

const MINUTE = 60_000;
const NOON = new Date(2026, 4, 12, 12).getTime();

function line(order: number, at: number, body: 'in' | 'out' | 'notice'): MessageView {
  const bodies: Record<typeof body, MessageBody> = {
    in: { type: 'incoming', text: '', document: [] },
    out: { type: 'outgoing', text: '', document: [], state: { type: 'sent' } },
    notice: { type: 'notice', notice: { type: 'repaired' } },
  };
  return {
    id: `m${order}`,
    conversation: 'c',
    order: String(order).padStart(4, '0'),
    at,
    body: bodies[body],
  };
}

const shape = (messages: MessageView[], divider: string | null = null) =>
  rowsOf(messages, divider).map((row) =>
    row.kind === 'turn' ? `${row.mine ? 'me' : 'them'} ${row.messages.length}` : row.kind,
  );

describe('rows of a conversation', () => {
  it('are none where there is nothing', () => {
    expect(shape([])).toEqual([]);
  });

  it('put one breath of one person together', () => {
    expect(
      shape([line(1, NOON, 'in'), line(2, NOON + MINUTE, 'in'), line(3, NOON + 2 * MINUTE, 'out')]),
    ).toEqual(['day', 'them 2', 'me 1']);
  });

  it('begin a new turn after five minutes of silence', () => {
    expect(shape([line(1, NOON, 'in'), line(2, NOON + 5 * MINUTE, 'in')])).toEqual([
      'day',
      'them 1',
      'them 1',
    ]);
  });

  it('separate days at midnight, not after a day', () => {
    const late = new Date(2026, 4, 12, 23, 59).getTime();
    expect(shape([line(1, late, 'in'), line(2, late + 2 * MINUTE, 'in')])).toEqual([
      'day',
      'them 1',
      'day',
      'them 1',
    ]);
  });

  it('set the unread divider before the first unread message, after its day', () => {
    const messages = [line(1, NOON, 'in'), line(2, NOON + 1, 'in'), line(3, NOON + 2, 'in')];
    expect(shape(messages, '0002')).toEqual(['day', 'them 1', 'unread', 'them 2']);
    expect(shape(messages, '0001')).toEqual(['day', 'unread', 'them 3']);
  });

  it('have no divider when what was unread lies beyond the window', () => {
    expect(shape([line(1, NOON, 'in')], '0009')).toEqual(['day', 'them 1']);
  });

  it('let a quiet line end a turn', () => {
    expect(shape([line(1, NOON, 'in'), line(2, NOON + 1, 'notice'), line(3, NOON + 2, 'in')])).toEqual([
      'day',
      'them 1',
      'notice',
      'them 1',
    ]);
  });
});
