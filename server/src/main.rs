//! The Sotto relay: one binary, which also carries the web client.
fn main() {}
