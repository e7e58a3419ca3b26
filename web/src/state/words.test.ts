import { describe, expect, it } from 'vitest';
import type { Notice, Problem } from '../generated/api';
import { noticeWords, previewWords, problemWords } from './words';

const PROBLEMS: Problem[] = [
  { code: 'username_too_short' },
  { code: 'username_too_long' },
  { code: 'username_characters' },
  { code: 'username_reserved' },
  { code: 'username_taken' },
  { code: 'registration_closed' },
  { code: 'invitation_required' },
  { code: 'credentials_wrong' },
  { code: 'password_unusable' },
  { code: 'recovery_key_word_count', found: 11 },
  { code: 'recovery_key_unknown_word', position: 4 },
  { code: 'recovery_key_checksum' },
  { code: 'recovery_key_wrong' },
  { code: 'person_unknown' },
  { code: 'person_is_you' },
  { code: 'unknown' },
  { code: 'message_empty' },
  { code: 'message_too_long', bytes: 70_000 },
  { code: 'person_blocked' },
  { code: 'verification_broken' },
  { code: 'request_pending' },
  { code: 'mailbox_full' },
  { code: 'keys_refused' },
  { code: 'code_malformed' },
  { code: 'code_other_people' },
  { code: 'offline' },
  { code: 'rate_limited', retryAt: Date.now() + 60_000 },
  { code: 'relay_storage' },
  { code: 'relay_misbehaved' },
  { code: 'signed_out' },
  { code: 'device_removed' },
  { code: 'too_many_devices' },
  { code: 'storage_refused' },
  { code: 'storage_full' },
  { code: 'storage_corrupt' },
  { code: 'internal' },
];

describe('words for problems', () => {
  it('are a sentence of their own for each code', () => {
    const words = PROBLEMS.map(problemWords);
    expect(new Set(words).size).toBe(PROBLEMS.length);
    for (const sentence of words) expect(sentence).toMatch(/^[A-Z].*[.?]$/);
  });

  it('carry the facts', () => {
    expect(problemWords({ code: 'recovery_key_word_count', found: 1 })).toContain('this is 1');
    expect(problemWords({ code: 'recovery_key_unknown_word', position: 4 })).toContain('Word 4');
    expect(problemWords({ code: 'message_too_long', bytes: 65_537 })).toContain('65 KiB');
  });

  it('never say which of name and password was wrong', () => {
    const words = problemWords({ code: 'credentials_wrong' });
    expect(words).toContain('or password');
  });

  it('survive a code that this page does not know', () => {
    expect(problemWords({ code: 'of_a_later_version' } as unknown as Problem)).toBe(
      problemWords({ code: 'internal' }),
    );
  });
});

describe('words for quiet lines', () => {
  it('name the person', () => {
    const notices: Notice[] = [
      { type: 'key_changed', wasVerified: true },
      { type: 'key_changed', wasVerified: false },
      { type: 'verified', method: 'qr' },
      { type: 'verification_withdrawn' },
      { type: 'lost' },
    ];
    for (const notice of notices) expect(noticeWords(notice, 'Ines')).toContain('Ines');
  });
});

describe('the line in the list', () => {
  it('is one line and says whose it is', () => {
    expect(previewWords({ outgoing: true, text: 'one\ntwo', notice: null, state: null, at: 0 })).toBe(
      'You: one two',
    );
    expect(previewWords({ outgoing: false, text: 'one', notice: null, state: null, at: 0 })).toBe('one');
  });
});
