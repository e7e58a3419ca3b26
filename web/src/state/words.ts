// Words for the engine's codes. The switches are exhaustive by type: a new code doesn't compile until it has words.
import type { Notice, Preview, Problem, VerificationMethod, VerificationView } from '../generated/api';
import { m } from '../paraglide/messages.js';
import { clockTime } from './time';

export function problemWords(problem: Problem): string {
  switch (problem.code) {
    case 'username_too_short':
      return m.problem_username_too_short();
    case 'username_too_long':
      return m.problem_username_too_long();
    case 'username_characters':
      return m.problem_username_characters();
    case 'username_reserved':
      return m.problem_username_reserved();
    case 'username_taken':
      return m.problem_username_taken();
    case 'registration_closed':
      return m.problem_registration_closed();
    case 'invitation_required':
      return m.problem_invitation_required();
    case 'credentials_wrong':
      return m.problem_credentials_wrong();
    case 'password_unusable':
      return m.problem_password_unusable();
    case 'recovery_key_word_count':
      return m.problem_recovery_word_count_found({ count: problem.found });
    case 'recovery_key_unknown_word':
      return m.problem_recovery_unknown_word({ position: problem.position });
    case 'recovery_key_checksum':
      return m.problem_recovery_checksum();
    case 'recovery_key_wrong':
      return m.problem_recovery_wrong();
    case 'person_unknown':
      return m.problem_person_unknown();
    case 'person_is_you':
      return m.problem_person_is_you();
    case 'unknown':
      return m.problem_unknown();
    case 'message_empty':
      return m.problem_message_empty();
    case 'message_too_long':
      return m.problem_message_too_long({ size: Math.ceil(problem.bytes / 1024) });
    case 'person_blocked':
      return m.problem_person_blocked();
    case 'verification_broken':
      return m.problem_verification_broken();
    case 'request_pending':
      return m.problem_request_pending();
    case 'mailbox_full':
      return m.problem_mailbox_full();
    case 'keys_refused':
      return m.problem_keys_refused();
    case 'code_malformed':
      return m.problem_code_malformed();
    case 'code_other_people':
      return m.problem_code_other_people();
    case 'offline':
      return m.problem_offline();
    case 'rate_limited':
      return m.problem_rate_limited({ time: clockTime(problem.retryAt) });
    case 'relay_storage':
      return m.problem_relay_storage();
    case 'relay_misbehaved':
      return m.problem_relay_misbehaved();
    case 'signed_out':
      return m.problem_signed_out();
    case 'device_removed':
      return m.problem_device_removed();
    case 'too_many_devices':
      return m.problem_too_many_devices();
    case 'storage_refused':
      return m.problem_storage_refused();
    case 'storage_full':
      return m.problem_storage_full();
    case 'storage_corrupt':
      return m.problem_storage_corrupt();
    case 'internal':
      return m.problem_internal();
    default:
      return unworded(problem);
  }
}

export function noticeWords(notice: Notice, name: string): string {
  switch (notice.type) {
    case 'key_changed':
      return notice.wasVerified ? m.notice_key_changed_verified({ name }) : m.notice_key_changed({ name });
    case 'verified':
      return verifiedByWords(notice.method, name);
    case 'verification_withdrawn':
      return m.notice_withdrawn({ name });
    case 'damaged':
      return m.notice_damaged();
    case 'repaired':
      return m.notice_repaired();
    case 'lost':
      return m.notice_lost({ name });
    default:
      return unworded(notice);
  }
}

/** Within a sentence: how two people compared. */
export function verifiedHow(method: VerificationMethod): string {
  switch (method) {
    case 'qr':
      return m.verify_already_by_qr();
    case 'code':
      return m.verify_already_by_code();
    case 'aloud':
      return m.verify_already_by_aloud();
    default:
      return unworded(method);
  }
}

function verifiedByWords(method: VerificationMethod, name: string): string {
  switch (method) {
    case 'qr':
      return m.notice_verified_qr({ name });
    case 'code':
      return m.notice_verified_code({ name });
    case 'aloud':
      return m.notice_verified_aloud({ name });
    default:
      return unworded(method);
  }
}

/** The list's line for a conversation. */
export function previewWords(preview: Preview): string {
  if (preview.notice !== null) return noticeInShort(preview.notice);
  const text = preview.text.replaceAll(/\s+/g, ' ');
  return preview.outgoing ? m.list_you({ text }) : text;
}

function noticeInShort(notice: Notice): string {
  switch (notice.type) {
    case 'key_changed':
      return m.preview_key_changed();
    case 'verified':
      return m.preview_verified();
    case 'verification_withdrawn':
      return m.preview_withdrawn();
    case 'damaged':
      return m.preview_damaged();
    case 'repaired':
      return m.preview_repaired();
    case 'lost':
      return m.preview_lost();
    default:
      return unworded(notice);
  }
}

export function verificationWords(verification: VerificationView): string {
  switch (verification.type) {
    case 'unverified':
      return m.conversation_unverified();
    case 'verified':
      return m.conversation_verified();
    case 'changed_unverified':
      return m.conversation_changed();
    case 'changed_verified':
      return m.conversation_changed_verified();
    default:
      return unworded(verification);
  }
}

function unworded(_code: never): string {
  return m.problem_internal();
}
