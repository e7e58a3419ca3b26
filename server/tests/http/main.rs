//! The HTTP API as clients and attackers meet it: the real router over a real SQLite file, in process.

mod accounts;
mod hostile;
mod operating;
mod pages;
mod prekeys;
mod support;
