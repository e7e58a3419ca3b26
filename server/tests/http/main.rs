//! The HTTP API as clients and attackers meet it: the real router over a real SQLite file, in process.

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
mod hostile;
mod operating;
mod pages;
mod prekeys;
mod support;
