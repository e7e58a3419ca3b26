//! The Triple Ratchet (`docs/PROTOCOL.md`, section 5): every message under a key of its own, from two ratchets at once.
//!
//! ```text
//!   double  the Double Ratchet with header encryption, over X25519 ──► classical message key ─┐
//!                                                                                             ├─ HKDF ─► message key
//!   pq      the sparse post-quantum ratchet, over ML-KEM-768 ───────► post-quantum message key ┘
//! ```
//!
//! - [`double`]: Double Ratchet, revision 4, sections 2 to 4; runs alone, too, with any [`double::Parameters`];
//! - [`pq`]: the same document's section 5, over any [`pq::Scka`];
//! - [`triple`]: its section 6, which ties the two together;
//! - [`limits`]: every limit, with its reason.
//!
//! Not concerned with how the first secret was agreed, or who the two sides are: that is [`crate::session`].

pub mod double;
pub mod limits;
pub mod pq;
pub(crate) mod secret;
pub(crate) mod skipped_keys;
pub mod triple;

mod error;

pub use error::{ReceiveError, SendError, StateError};
