//! What the relay does, in its own words: no HTTP, no SQLite.
//!
//! - [`error`]: the one error, and its problem code
//! - [`clock`]: the wall clock, the only reading of time
//! - [`accounts`]: registration, enrolment, vaults, device lists, people
//! - [`ceremonies`]: conversations of several requests (OPAQUE, recovery, challenges) and their short-lived state
//! - [`sessions`]: device sessions
//! - [`directory`]: which devices an account has now
//! - [`prekeys`]: upload and claim
//! - [`limits`]: how often anybody may do anything
//! - [`passwords`]: the server's half of OPAQUE
//! - [`token`]: what holders show
//! - [`notices`]: what connected devices are told about accounts
//! - [`delivery`]: mailboxes and connected devices

pub mod accounts;
pub mod ceremonies;
pub mod clock;
pub mod delivery;
pub mod directory;
pub mod error;
pub mod limits;
pub mod notices;
pub mod passwords;
pub mod prekeys;
pub mod sessions;
pub mod token;

pub use error::Error;

use sotto_protocol::{AccountId, DeviceId};

/// Who makes a request or holds a connection, as the relay has authenticated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// Its device.
    pub device: DeviceId,
}
