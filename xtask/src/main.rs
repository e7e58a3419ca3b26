//! Builds, runs and checks Sotto.
fn main() {}
