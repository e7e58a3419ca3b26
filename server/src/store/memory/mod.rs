//! In memory, for tests: nothing survives. Passes the same contract suites as SQLite.

mod accounts;
mod mailboxes;

pub use accounts::MemoryAccounts;
pub use mailboxes::MemoryMailboxes;
