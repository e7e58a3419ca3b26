//! Connections that do nothing: what one costs in memory.

use std::time::Duration;

use crate::{
    Outcome,
    client::Client,
    relay::{Person, Relay},
};

/// Connections made before the first reading, so that what the first ones need once isn't counted.
const BEFORE: usize = 50;

/// Connects, waits a moment, and prints what the relay's memory grew by.
pub async fn run(relay: &Relay, connections: usize) -> Outcome<()> {
    let mut clients = Vec::with_capacity(connections);
    let mut before = 0;
    for n in 0..connections {
        if n == BEFORE {
            tokio::time::sleep(Duration::from_millis(500)).await;
            before = relay.resident()?;
        }
        let mut client = Client::connect(relay.addr, Person(n)).await?;
        client.next().await?;
        clients.push(client);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = relay.resident()?;
    let counted = connections.saturating_sub(BEFORE).max(1);
    println!(
        "{connections} idle connections: {after} kB, {:.1} kB for each",
        after.saturating_sub(before) as f64 / counted as f64
    );
    Ok(())
}
