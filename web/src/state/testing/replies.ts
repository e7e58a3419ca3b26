// What the play bridge answers with, made from what it holds.
import type {
  HistoryView,
  MessageBody,
  MessageView,
  Preview,
  Problem,
  SafetyView,
  VerificationView,
} from '../../generated/api';
import { BridgeError } from '../../bridge/bridge';
import { WORDS, type Line } from './cast';
import { parse } from './markdown';

export function fail(problem: Problem): never {
  throw new BridgeError(problem);
}

export function bodyOf(who: Line['who'], text: string): MessageBody {
  if (who === 'me') return { type: 'outgoing', text, document: parse(text), state: { type: 'read' } };
  if (who === 'them') return { type: 'incoming', text, document: parse(text) };
  return {
    type: 'notice',
    notice:
      text === 'verified' ? { type: 'verified', method: 'qr' } : { type: 'key_changed', wasVerified: true },
  };
}

export function previewOf({ body, at }: MessageView): Preview {
  if (body.type === 'notice') return { outgoing: false, text: '', notice: body.notice, state: null, at };
  const outgoing = body.type === 'outgoing';
  return { outgoing, text: body.text.slice(0, 120), notice: null, state: outgoing ? body.state : null, at };
}

export function windowOf(
  all: readonly MessageView[],
  before: string | null,
  from: string | null,
  limit: number,
): HistoryView {
  let start = Math.max(0, all.length - limit);
  let end = all.length;
  if (before !== null) {
    end = all.findIndex(({ order }) => order >= before);
    if (end < 0) end = all.length;
    start = Math.max(0, end - limit);
  } else if (from !== null) {
    start = Math.max(
      0,
      all.findIndex(({ order }) => order >= from),
    );
    end = Math.min(all.length, start + limit);
  }
  return { messages: all.slice(start, end), older: start > 0, newer: end < all.length };
}

export function safety(verification: VerificationView): SafetyView {
  return {
    groups: '30035 44776 92869 39689 28768 76545 82575 69162 57684 34409 18079 13104'.split(' '),
    qr: 'AVNvdHRvIHZlcmlmaWNhdGlvbiBjb2RlLCB2ZXJzaW9uIG9uZSwgZm9yIHR3byBwZW9wbGUgd2hvIGNvbXBhcmUgdGhlaXIga2V5cyB3aXRoIGEgY2FtZXJhLCBhbmQgc29tZSBtb3JlIGJ5dGVz',
    code: 'sotto1-7kqf-x2mw-9hvt-b3nr-5cdy-e8pj-6uza-4gls-7kqf-x2mw-9hvt-b3nr-5cdy-e8pj-6uza-4gls',
    verification,
  };
}

/** Refuses what the engine would refuse of a recovery key. */
export function checkWords(words: string): void {
  const given = words.trim().toLowerCase().split(/\s+/);
  if (given.length !== 12) fail({ code: 'recovery_key_word_count', found: given.length });
  const unknown = given.findIndex((word) => !WORDS.includes(word));
  if (unknown >= 0) fail({ code: 'recovery_key_unknown_word', position: unknown + 1 });
  if (given.join(' ') !== WORDS) fail({ code: 'recovery_key_checksum' });
}
