//! The delivery path: from a sender's frame to the recipient's acknowledgement (PROTOCOL.md section 8).
//!
//! ```text
//!            submit                                    ack
//!  sender ──────────▶ flight ──▶ live recipient ──────────────▶ settled: accepted
//!                       │                                          ▲
//!                       └─▶ committer ─▶ (not acknowledged within  │
//!                                         the commit window) ─▶ store
//! ```
//!
//! A message is pushed to connected devices at once, and stored only if one of them is away or does not acknowledge it within the
//! commit window. It is *accepted* when each recipient device has acknowledged it or has it durably stored.
//!
//! The store is the queue. A device that is away, slow, or has just connected reads from the store by cursor and goes *live* once it has
//! caught up; only what is not yet committed is in memory.
//!
//! - [`hub`]: everybody's way in
//! - [`device`]: what is in memory about one device: its consumer, window and pending messages
//! - [`flight`]: one message on its way
//! - [`committer`]: gathers what must be stored, one commit at a time
//! - [`outbox`]: what a connection has to write
//! - [`recent`]: recognises repeated sends
//! - [`recipients`]: what a sender submits, and for whom it has to be
//! - [`sequence`]: gives out sequences that stay unique over restarts
//! - [`table`]: the devices that something is known of
//! - [`ports`]: what this needs from accounts and limits

use std::time::Duration;

mod committer;
mod connection;
mod device;
mod flight;
mod hub;
mod meters;
mod notify;
pub mod outbox;
pub mod ports;
mod recent;
mod recipients;
mod sequence;
mod table;

pub use connection::Connection;
pub use hub::Hub;
pub use recent::{REMEMBERED, REMEMBERED_FOR};
pub use recipients::Incoming;

/// Numbers of the delivery path that operators and tests may change.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a message that was pushed to connected devices may go unacknowledged before it is stored.
    pub commit_window: Duration,
    /// Bytes of messages that are neither acknowledged nor stored, over all devices; past it sends are refused.
    pub pending_bytes: u64,
    /// How long an envelope waits for its device.
    pub envelope_ttl: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            commit_window: Duration::from_millis(20),
            pending_bytes: 256 * 1024 * 1024,
            envelope_ttl: Duration::from_millis(sotto_protocol::limits::ENVELOPE_TTL_MS),
        }
    }
}
