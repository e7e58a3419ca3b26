//! The simulator: clients with real engines and a relay in memory, on a simulated clock, with seeded faults.
//!
//! `SOTTO_SEED=<number>` repeats a run. `SOTTO_MESSAGES=<number>` sets the size of the large run.

mod chaos;
mod client;
mod entering;
mod hostile;
mod relay;
mod slice;
mod world;
