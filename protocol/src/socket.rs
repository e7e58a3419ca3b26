//! The frames of the WebSocket at `/v1/socket` (PROTOCOL.md section 8).
//!
//! The subprotocol chooses the codec: `sotto.v1.cbor` (binary frames) or `sotto.v1.json` (text frames).
//!
//! ```text
//! client                         relay
//!   hello{token} ───────────────▶
//!   ◀─────────────────── welcome{…}
//!   ◀──────────── deliver{…} × n      everything that waited, oldest first, at most a window unacknowledged
//!   ack{through} ───────────────▶
//!   ◀─────────────────── queue_empty  once per connection, then live
//!   send{…} ────────────────────▶
//!   ◀────────── accepted{…} or refused{…}
//! ```

use serde::{Deserialize, Serialize};

use crate::{AccountId, Bytes, DeviceId, MessageId, Problem};

/// Subprotocol with binary frames.
pub const SUBPROTOCOL_CBOR: &str = "sotto.v1.cbor";
/// Subprotocol with text frames.
pub const SUBPROTOCOL_JSON: &str = "sotto.v1.json";

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClientFrame {
    /// The first frame: a device session's token.
    Hello {
        /// From `POST /v1/session` or from registration.
        token: Bytes,
    },
    /// One message to all devices of one account.
    Send(Submission),
    /// Every delivery of this connection up to and including this sequence is durable at the client.
    Ack {
        /// A sequence from [`Delivery::seq`].
        through: u64,
    },
    /// Something that is worth nothing later (typing): relayed to those connected, never stored, never answered.
    Ephemeral(Ephemeral),
    /// Asks for a `pong`; also keeps the connection alive.
    Ping,
}

/// One message to all devices of one account, encrypted once for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Submission {
    /// Made by the sender; a repeated send with the same id is accepted again and delivered once.
    pub id: MessageId,
    /// The recipient.
    pub to: AccountId,
    /// Version of the recipient's device list that this was encrypted for.
    pub device_list: u64,
    /// One for each device of that list (for the own account: each but the sending one).
    pub envelopes: Vec<Envelope>,
}

/// Ciphertext for one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Envelope {
    /// The recipient device.
    pub device: DeviceId,
    /// Opaque to the relay; at most [`crate::limits::ENVELOPE_MAX`] bytes.
    pub body: Bytes,
}

/// Ciphertext that is relayed to connected devices only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ephemeral {
    /// The recipient.
    pub to: AccountId,
    /// One for each device meant.
    pub envelopes: Vec<Envelope>,
}

/// What a relay sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ServerFrame {
    /// Answers `hello`.
    Welcome {
        /// The relay's clock, milliseconds since the Unix epoch.
        now: u64,
    },
    /// Envelopes for this device, in the order of their sequence.
    Deliver(Vec<Delivery>),
    /// Everything that waited at connect time has been delivered.
    QueueEmpty,
    /// These sends are accepted: every recipient device has them durably, or the relay has.
    Accepted(Vec<MessageId>),
    /// This send is refused; nothing of it was stored.
    Refused {
        /// The send.
        id: MessageId,
        /// Why.
        problem: Problem,
    },
    /// From a connected device, never stored.
    Ephemeral {
        /// The sender.
        from: AccountId,
        /// Its device.
        device: DeviceId,
        /// Opaque to the relay.
        body: Bytes,
    },
    /// An account that this device wrote to or heard from, or its own, has a new device list. A hint: sends are refused when stale.
    DeviceListChanged {
        /// Whose.
        account: AccountId,
        /// The new version.
        version: u64,
    },
    /// One-time prekeys are running out: upload more.
    PrekeysLow {
        /// One-time X25519 prekeys left.
        one_time: u32,
        /// One-time KEM prekeys left.
        kem_one_time: u32,
    },
    /// Answers `ping`.
    Pong,
    /// Something is wrong with the connection itself; the relay closes after it unless the problem is about one frame.
    Problem(Problem),
}

/// An envelope as it reaches its device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delivery {
    /// Grows within a device's mailbox, with gaps.
    pub seq: u64,
    /// The sending account, as the relay authenticated it.
    pub from: AccountId,
    /// The sending device.
    pub device: DeviceId,
    /// The sender's message id.
    pub id: MessageId,
    /// When the relay received it, milliseconds since the Unix epoch.
    pub received_at: u64,
    /// Opaque to the relay.
    pub body: Bytes,
}
