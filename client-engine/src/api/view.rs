//! What a user interface shows.

use super::{boundary, document::Block, problem::Problem};

boundary! {
    /// Where this browser stands.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum AccountView {
        /// Nobody is signed in. `reason` where that was not the person's own doing.
        SignedOut { reason: Option<Problem> },
        /// Somebody is. `recovery_confirmed`: the recovery key has been read back.
        SignedIn { account: String, username: String, device: String, recovery_confirmed: bool },
    }

    /// The connection to the relay.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum ConnectionView {
        /// Trying now.
        Connecting,
        /// Connected; `caught_up` once everything that waited has arrived.
        Online { caught_up: bool },
        /// Not connected; the next try at `retry_at`.
        Offline { #[cfg_attr(feature = "ts", ts(type = "number"))] retry_at: u64 },
    }

    /// A person.
    #[serde(rename_all = "camelCase")]
    pub struct PersonView {
        pub account: String,
        pub username: String,
    }

    /// How far a person's key is known (PRODUCT: states of verification; the two of the key directory come with it).
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum VerificationView {
        /// Neutral.
        Unverified,
        /// By this person, on this device (its name or id), then.
        Verified { #[cfg_attr(feature = "ts", ts(type = "number"))] at: u64, device: String, method: VerificationMethod },
        /// A new key; it had never been verified. Sending works.
        ChangedUnverified { #[cfg_attr(feature = "ts", ts(type = "number"))] at: u64 },
        /// A new key in place of a verified one. Sending stops until verified again or withdrawn.
        ChangedVerified { #[cfg_attr(feature = "ts", ts(type = "number"))] at: u64 },
    }

    /// How two people compared.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum VerificationMethod {
        /// A QR code was scanned.
        Qr,
        /// A text code was pasted.
        Code,
        /// Digits were compared by the people themselves.
        Aloud,
    }

    /// Whether the person may write here.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum Standing {
        /// A conversation like any other.
        Accepted,
        /// A stranger wrote first; neither accepted nor refused yet.
        Request,
        /// Blocked: what they send is dropped unseen.
        Blocked,
    }

    /// A conversation in the list.
    #[serde(rename_all = "camelCase")]
    pub struct ConversationView {
        /// The conversation's id: the other person's account id.
        pub id: String,
        pub person: PersonView,
        pub standing: Standing,
        pub verification: VerificationView,
        /// The newest message, for the list.
        pub preview: Option<Preview>,
        pub unread: u32,
        /// Order key of the first unread message: the window opens there.
        pub first_unread: Option<String>,
        /// What was typed and not sent.
        pub draft: String,
        /// Sorts the list, newest first.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        pub updated_at: u64,
        /// The other person is typing now.
        pub typing: bool,
    }

    /// The newest message of a conversation in one line.
    #[serde(rename_all = "camelCase")]
    pub struct Preview {
        pub outgoing: bool,
        /// Plain text, at most 120 characters; empty for a notice.
        pub text: String,
        pub notice: Option<Notice>,
        pub state: Option<MessageState>,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        pub at: u64,
    }

    /// A line in a conversation.
    #[serde(rename_all = "camelCase")]
    pub struct MessageView {
        pub id: String,
        pub conversation: String,
        /// Sorts within the conversation, compared as text; also the cursor of windows.
        pub order: String,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        pub at: u64,
        pub body: MessageBody,
    }

    /// What the line holds.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum MessageBody {
        /// From the other person.
        Incoming { text: String, document: Vec<Block> },
        /// From the own account, this device or another.
        Outgoing { text: String, document: Vec<Block>, state: MessageState },
        /// A quiet line.
        Notice { notice: Notice },
    }

    /// How far an outgoing message has come.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    #[derive(Eq)]
    pub enum MessageState {
        /// Durable here, not yet accepted by the relay.
        Queued,
        /// Accepted by the relay.
        Sent,
        /// On a device of the recipient.
        Delivered,
        /// Read.
        Read,
        /// Won't be tried again by itself.
        Failed { problem: Problem },
    }

    /// A quiet line in a conversation.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    #[derive(Eq)]
    pub enum Notice {
        /// The person has a new account key.
        KeyChanged { was_verified: bool },
        /// The person was verified here.
        Verified { method: VerificationMethod },
        /// The verification was withdrawn.
        VerificationWithdrawn,
        /// A message arrived damaged; it has been asked for again.
        Damaged,
        /// It came after all (replaces `Damaged` where the line stays).
        Repaired,
        /// It could not be got again.
        Lost,
    }

    /// A window of a conversation, oldest first.
    #[serde(rename_all = "camelCase")]
    pub struct HistoryView {
        pub messages: Vec<MessageView>,
        /// There are older ones.
        pub older: bool,
        /// There are newer ones.
        pub newer: bool,
    }

    /// What two people compare.
    #[serde(rename_all = "camelCase")]
    pub struct SafetyView {
        /// Twelve groups of five digits, the same for both.
        pub groups: Vec<String>,
        /// The QR code's contents, bytes as base64url.
        pub qr: String,
        /// The code for pasting.
        pub code: String,
        pub verification: VerificationView,
    }

    /// The outcome of comparing by the machine.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum Comparison {
        /// The same keys on both sides; the person is now verified.
        Match,
        /// Another key: somebody may be in between, or one side has an old key.
        Mismatch,
    }

    /// One of the own devices.
    #[serde(rename_all = "camelCase")]
    pub struct DeviceView {
        pub id: String,
        pub this: bool,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        pub added_at: u64,
    }

    /// What the relay says of itself.
    #[serde(rename_all = "camelCase")]
    pub struct RelayView {
        pub name: String,
        pub registration: RegistrationView,
    }

    /// Who may register.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum RegistrationView { Open, Invitation, Closed }
}
