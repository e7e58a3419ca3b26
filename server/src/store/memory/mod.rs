//! In memory, for tests: nothing survives. Passes the same contract suites as SQLite.

mod mailboxes;

pub use mailboxes::MemoryMailboxes;
