// Generated from client-engine/src/api. Do not edit.

export type Problem = { "code": "username_too_short" } | { "code": "username_too_long" } | { "code": "username_characters" } | { "code": "username_reserved" } | { "code": "username_taken" } | { "code": "registration_closed" } | { "code": "invitation_required" } | { "code": "credentials_wrong" } | { "code": "password_unusable" } | { "code": "recovery_key_word_count", found: number, } | { "code": "recovery_key_unknown_word", position: number, } | { "code": "recovery_key_checksum" } | { "code": "recovery_key_wrong" } | { "code": "person_unknown" } | { "code": "person_is_you" } | { "code": "unknown" } | { "code": "message_empty" } | { "code": "message_too_long", bytes: number, } | { "code": "person_blocked" } | { "code": "verification_broken" } | { "code": "request_pending" } | { "code": "mailbox_full" } | { "code": "keys_refused" } | { "code": "code_malformed" } | { "code": "code_other_people" } | { "code": "offline" } | { "code": "rate_limited", retryAt: number, } | { "code": "relay_storage" } | { "code": "relay_misbehaved" } | { "code": "signed_out" } | { "code": "device_removed" } | { "code": "too_many_devices" } | { "code": "storage_refused" } | { "code": "storage_full" } | { "code": "storage_corrupt" } | { "code": "internal" };

export type Block = { "type": "paragraph", inlines: Array<Inline>, } | { "type": "heading", level: number, inlines: Array<Inline>, } | { "type": "quote", blocks: Array<Block>, } | { "type": "list", start: number | null, items: Array<Array<Block>>, } | { "type": "code", language: string | null, text: string, } | { "type": "rule" };

export type Inline = { "type": "text", text: string, } | { "type": "line_break" } | { "type": "strong", inlines: Array<Inline>, } | { "type": "emphasis", inlines: Array<Inline>, } | { "type": "strikethrough", inlines: Array<Inline>, } | { "type": "code", text: string, } | { "type": "link", href: string, misleading: boolean, inlines: Array<Inline>, };

export type AccountView = { "type": "signed_out", reason: Problem | null, } | { "type": "signed_in", account: string, username: string, device: string, recoveryConfirmed: boolean, };

export type ConnectionView = { "type": "connecting" } | { "type": "online", caughtUp: boolean, } | { "type": "offline", retryAt: number, };

export type PersonView = { account: string, username: string, };

export type VerificationView = { "type": "unverified" } | { "type": "verified", at: number, device: string, method: VerificationMethod, } | { "type": "changed_unverified", at: number, } | { "type": "changed_verified", at: number, };

export type VerificationMethod = "qr" | "code" | "aloud";

export type Standing = "accepted" | "request" | "blocked";

export type ConversationView = { 
/**
 * The conversation's id: the other person's account id.
 */
id: string, person: PersonView, standing: Standing, verification: VerificationView, 
/**
 * The newest message, for the list.
 */
preview: Preview | null, unread: number, 
/**
 * Order key of the first unread message: the window opens there.
 */
firstUnread: string | null, 
/**
 * What was typed and not sent.
 */
draft: string, 
/**
 * Sorts the list, newest first.
 */
updatedAt: number, 
/**
 * The other person is typing now.
 */
typing: boolean, };

export type Preview = { outgoing: boolean, 
/**
 * Plain text, at most 120 characters; empty for a notice.
 */
text: string, notice: Notice | null, state: MessageState | null, at: number, };

export type MessageView = { id: string, conversation: string, 
/**
 * Sorts within the conversation, compared as text; also the cursor of windows.
 */
order: string, at: number, body: MessageBody, };

export type MessageBody = { "type": "incoming", text: string, document: Array<Block>, } | { "type": "outgoing", text: string, document: Array<Block>, state: MessageState, } | { "type": "notice", notice: Notice, };

export type MessageState = { "type": "queued" } | { "type": "sent" } | { "type": "delivered" } | { "type": "read" } | { "type": "failed", problem: Problem, };

export type Notice = { "type": "key_changed", wasVerified: boolean, } | { "type": "verified", method: VerificationMethod, } | { "type": "verification_withdrawn" } | { "type": "damaged" } | { "type": "repaired" } | { "type": "lost" };

export type HistoryView = { messages: Array<MessageView>, 
/**
 * There are older ones.
 */
older: boolean, 
/**
 * There are newer ones.
 */
newer: boolean, };

export type SafetyView = { 
/**
 * Twelve groups of five digits, the same for both.
 */
groups: Array<string>, 
/**
 * The QR code's contents, bytes as base64url.
 */
qr: string, 
/**
 * The code for pasting.
 */
code: string, verification: VerificationView, };

export type Comparison = "match" | "mismatch";

export type DeviceView = { id: string, this: boolean, addedAt: number, };

export type RelayView = { name: string, registration: RegistrationView, };

export type RegistrationView = "open" | "invitation" | "closed";

export type Command = { "type": "relay", } | { "type": "register", username: string, password: string, invitation: string | null, } | { "type": "confirm_recovery_key", words: string, } | { "type": "recovery_key", } | { "type": "sign_in", username: string, password: string, } | { "type": "recover", username: string, words: string, password: string, } | { "type": "sign_out", } | { "type": "devices", } | { "type": "remove_device", device: string, } | { "type": "search_people", prefix: string, } | { "type": "open_conversation", account: string, } | { "type": "conversations", } | { "type": "accept_request", conversation: string, } | { "type": "block", conversation: string, } | { "type": "unblock", conversation: string, } | { "type": "send", conversation: string, id: string, text: string, } | { "type": "retry", conversation: string, id: string, } | { "type": "discard", conversation: string, id: string, } | { "type": "history", conversation: string, before: string | null, from: string | null, limit: number, } | { "type": "mark_read", conversation: string, through: string, } | { "type": "set_draft", conversation: string, text: string, } | { "type": "typing", conversation: string, } | { "type": "safety", conversation: string, } | { "type": "compare_code", conversation: string, code: string, method: VerificationMethod, } | { "type": "withdraw_verification", conversation: string, } | { "type": "reconnect", };

export type Event = { "type": "account", account: AccountView, } | { "type": "connection", connection: ConnectionView, } | { "type": "conversation", conversation: ConversationView, } | { "type": "message", message: MessageView, arrived: boolean, } | { "type": "message_removed", conversation: string, id: string, } | { "type": "problem", problem: Problem, };

export type CommandReplies = {
  relay: RelayView;
  register: string;
  confirm_recovery_key: null;
  recovery_key: string;
  sign_in: null;
  recover: null;
  sign_out: null;
  devices: Array<DeviceView>;
  remove_device: null;
  search_people: Array<PersonView>;
  open_conversation: ConversationView;
  conversations: Array<ConversationView>;
  accept_request: null;
  block: null;
  unblock: null;
  send: MessageView;
  retry: null;
  discard: null;
  history: HistoryView;
  mark_read: null;
  set_draft: null;
  typing: null;
  safety: SafetyView;
  compare_code: Comparison;
  withdraw_verification: null;
  reconnect: null;
};
