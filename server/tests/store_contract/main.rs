//! One suite per store trait, run against every backend.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests: a panic is how they fail"
)]

mod accounts;
mod mailboxes;

use std::{path::PathBuf, sync::Arc};

use sotto_server::store::{
    memory::{MemoryAccounts, MemoryMailboxes},
    sqlite::Sqlite,
};

#[tokio::test]
async fn accounts_in_memory() {
    accounts::suite(MemoryAccounts::default).await;
}

#[tokio::test]
async fn accounts_in_sqlite() {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("sotto-contract-{:x}", getrandom::u64().unwrap()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut count = 0;
    accounts::suite(|| {
        count += 1;
        Sqlite::open(&folder.join(format!("{count}.db"))).unwrap()
    })
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn mailboxes_in_memory() {
    mailboxes::suite(Arc::<MemoryMailboxes>::default).await;
}

#[tokio::test]
async fn mailboxes_in_sqlite() {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("sotto-contract-{:x}", getrandom::u64().unwrap()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut count = 0;
    mailboxes::suite(|| {
        count += 1;
        Arc::new(Sqlite::open(&folder.join(format!("{count}.db"))).unwrap())
    })
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
}
