// A conversation's window as the rows that are set on the page: days, the unread divider, quiet lines, and turns.
// A turn is what one person says in one breath: same sender, no gap over five minutes.
import type { MessageView } from '../generated/api';
import { sameDay } from './time';

const BREATH = 5 * 60_000;

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string }
  | { readonly kind: 'notice'; readonly key: string; readonly message: MessageView }
  | {
      readonly kind: 'turn';
      readonly key: string;
      readonly mine: boolean;
      readonly at: number;
      readonly messages: readonly MessageView[];
    };

/** `divider`: the order key of the first unread message, if a divider is to stand before it. */
export function rowsOf(messages: readonly MessageView[], divider: string | null): Row[] {
  const rows: Row[] = [];
  let last: MessageView | undefined;
  let turn: { mine: boolean; messages: MessageView[] } | undefined;
  let divided = divider === null;

  for (const message of messages) {
    if (last === undefined || !sameDay(last.at, message.at)) {
      rows.push({ kind: 'day', key: `day ${message.id}`, at: message.at });
      turn = undefined;
    }
    if (!divided && divider !== null && message.order >= divider) {
      rows.push({ kind: 'unread', key: 'unread' });
      divided = true;
      turn = undefined;
    }
    if (message.body.type === 'notice') {
      rows.push({ kind: 'notice', key: message.id, message });
      turn = undefined;
    } else {
      const mine = message.body.type === 'outgoing';
      if (turn?.mine === mine && last !== undefined && message.at - last.at < BREATH) {
        turn.messages.push(message);
      } else {
        turn = { mine, messages: [message] };
        rows.push({ kind: 'turn', key: `turn ${message.id}`, mine, at: message.at, messages: turn.messages });
      }
    }
    last = message;
  }
  return rows;
}
