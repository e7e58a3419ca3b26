//! The types that Sotto clients and relays exchange over HTTP and WebSocket (PROTOCOL.md sections 7 and 8).
//!
//! Everything cryptographic is opaque here: certificates, device lists, prekeys and envelopes are [`Bytes`]. The same types
//! serialise to JSON (binary values as base64url) and to CBOR (binary values as byte strings).
//!
//! - [`id`]: account, device and message ids
//! - [`bytes`]: binary values
//! - [`username`]: the one parser of user names
//! - [`http`]: requests and responses, one module per group of endpoints
//! - [`socket`]: the frames of the WebSocket
//! - [`problem`]: typed errors
//! - [`limits`]: every number that both sides must know
//! - [`codec`]: CBOR and JSON, strict about trailing bytes

pub mod bytes;
pub mod codec;
pub mod http;
pub mod id;
pub mod limits;
pub mod problem;
pub mod socket;
pub mod username;

pub use bytes::Bytes;
pub use id::{AccountId, DeviceId, MessageId};
pub use problem::{Problem, ProblemCode};
pub use username::Username;
