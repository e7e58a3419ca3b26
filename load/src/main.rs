//! Load generator for the Sotto relay.
fn main() {}
