//! The delivery path over a real socket: what senders and recipients notice (PROTOCOL.md section 8).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests: a panic is how they fail"
)]

mod client;
mod faulty;
mod frames;
mod mailbox;
mod refusals;
mod relay;
mod storage;
