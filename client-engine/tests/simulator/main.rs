//! The simulator: clients with real engines and a relay in memory, on a simulated clock, with seeded faults.
//!
//! `SOTTO_SEED=<number>` repeats a run. `SOTTO_MESSAGES=<number>` sets the size of the large run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what is not as expected fails it"
)]

mod chaos;
mod client;
mod entering;
mod hostile;
mod relay;
mod slice;
mod world;
