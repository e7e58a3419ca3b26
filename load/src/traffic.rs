//! Messages between people, as fast as the relay accepts them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use sotto_protocol::socket::ServerFrame;
use tokio::task::{JoinSet, LocalSet};

use crate::{
    Outcome,
    client::Client,
    frames::{self, Said, Template},
    relay::{Person, Relay},
};

/// Who sends how much to whom.
#[derive(Clone, Copy)]
pub struct Load {
    /// People `0..senders` send.
    pub senders: usize,
    /// The next people receive.
    pub mailboxes: usize,
    /// Messages in flight per sender.
    pub in_flight: usize,
    /// Bytes of a body.
    pub bytes: usize,
    /// Seconds that are measured.
    pub seconds: u64,
}

/// What is counted while it runs; one thread does it all.
#[derive(Default)]
struct Tally {
    accepted: Cell<u64>,
    refused: Cell<u64>,
    delivered: Cell<u64>,
    /// Microseconds from send to accepted.
    latencies: RefCell<Vec<u32>>,
    measuring: Cell<bool>,
    stop: Cell<bool>,
}

const WARM_UP: Duration = Duration::from_secs(1);
/// In-flight messages whose times are kept.
const RING: usize = 1 << 16;

/// Recipients are connected and acknowledge what they get.
pub async fn connected(relay: &Relay, load: Load) -> Outcome<()> {
    let tally = Rc::new(Tally::default());
    let measured = LocalSet::new()
        .run_until(async {
            let mut tasks = JoinSet::new();
            for n in 0..load.mailboxes {
                let client = Client::connect(relay.addr, Person(load.senders + n)).await?;
                tasks.spawn_local(receive(client, Rc::clone(&tally)));
            }
            let mut senders = JoinSet::new();
            for n in 0..load.senders {
                let client = Client::connect(relay.addr, Person(n)).await?;
                senders.spawn_local(send(client, n, load, Rc::clone(&tally)));
            }
            measure(relay, load, &tally, &mut senders).await
        })
        .await?;
    println!(
        "{:>4} → {:<4} in flight {:<4} {:>9.0} accepted/s  {:>9.0} delivered/s  p50 {:>6.2} ms  p99 {:>6.2} ms  relay cpu {:>3.0} %  {:>5.1} µs cpu/msg  refused {}",
        load.senders,
        load.mailboxes,
        load.in_flight,
        measured.accepted,
        measured.delivered,
        percentile(&tally, 50),
        percentile(&tally, 99),
        measured.cpu * 100.0,
        measured.cpu * 1e6 / measured.accepted.max(1.0),
        tally.refused.get(),
    );
    Ok(())
}

/// Recipients are away while it is sent, then all come at once.
pub async fn offline(relay: &Relay, load: Load) -> Outcome<()> {
    let tally = Rc::new(Tally::default());
    LocalSet::new()
        .run_until(async {
            let mut senders = JoinSet::new();
            for n in 0..load.senders {
                let client = Client::connect(relay.addr, Person(n)).await?;
                senders.spawn_local(send(client, n, load, Rc::clone(&tally)));
            }
            let measured = measure(relay, load, &tally, &mut senders).await?;
            println!(
                "{:>4} → {:<4} in flight {:<4} {:>9.0} stored/s     p50 {:>6.2} ms  p99 {:>6.2} ms  relay cpu {:>3.0} %  refused {}",
                load.senders,
                load.mailboxes,
                load.in_flight,
                measured.accepted,
                percentile(&tally, 50),
                percentile(&tally, 99),
                measured.cpu * 100.0,
                tally.refused.get(),
            );
            let (started, cpu) = (Instant::now(), relay.cpu()?);
            let mut drains = JoinSet::new();
            for n in 0..load.mailboxes {
                let client = Client::connect(relay.addr, Person(load.senders + n)).await?;
                drains.spawn_local(drain(client));
            }
            let mut drained = 0;
            while let Some(count) = drains.join_next().await {
                drained += count??;
            }
            let took = started.elapsed().as_secs_f64();
            println!(
                "          drained {drained} of {} in {took:.2} s: {:>9.0} delivered/s  relay cpu {:>3.0} %",
                tally.accepted.get(),
                drained as f64 / took,
                (relay.cpu()? - cpu) / took * 100.0,
            );
            if drained != tally.accepted.get() {
                return Err("what was accepted and what was delivered differ".into());
            }
            Ok(())
        })
        .await
}

/// Rates per second.
struct Measured {
    accepted: f64,
    delivered: f64,
    cpu: f64,
}

/// Warms up, measures, stops the senders and waits for them.
async fn measure(
    relay: &Relay,
    load: Load,
    tally: &Tally,
    senders: &mut JoinSet<Outcome<()>>,
) -> Outcome<Measured> {
    tokio::time::sleep(WARM_UP).await;
    tally.measuring.set(true);
    let (started, cpu) = (Instant::now(), relay.cpu()?);
    let (accepted, delivered) = (tally.accepted.get(), tally.delivered.get());
    tokio::time::sleep(Duration::from_secs(load.seconds)).await;
    let took = started.elapsed().as_secs_f64();
    let measured = Measured {
        accepted: (tally.accepted.get() - accepted) as f64 / took,
        delivered: (tally.delivered.get() - delivered) as f64 / took,
        cpu: (relay.cpu()? - cpu) / took,
    };
    tally.measuring.set(false);
    tally.stop.set(true);
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Ok(measured)
}

async fn send(mut client: Client, number: usize, load: Load, tally: Rc<Tally>) -> Outcome<()> {
    let mut templates = Vec::new();
    for mailbox in (0..load.mailboxes).filter(|n| n % load.senders == number % load.mailboxes) {
        templates.push(Template::new(Person(load.senders + mailbox), load.bytes)?);
    }
    let mut targets = templates.iter().cycle();
    let mut sent_at = vec![Instant::now(); RING];
    let (mut next, mut open) = (0_usize, 0_usize);
    while open > 0 || !tally.stop.get() {
        while open < load.in_flight && !tally.stop.get() {
            let Some(target) = targets.next() else {
                return Err("a sender without recipients".into());
            };
            if let Some(at) = sent_at.get_mut(next % RING) {
                *at = Instant::now();
            }
            client
                .feed(target.with(((number as u128) << 64) | next as u128))
                .await?;
            next += 1;
            open += 1;
        }
        client.flush().await?;
        if open == 0 {
            break;
        }
        for said in client.burst().await? {
            match said {
                Said::Accepted(ids) => {
                    open -= ids.len();
                    tally.accepted.set(tally.accepted.get() + ids.len() as u64);
                    if tally.measuring.get() {
                        let mut latencies = tally.latencies.borrow_mut();
                        for id in ids {
                            let place = (id & u128::from(u64::MAX)) as usize % RING;
                            if let Some(at) = sent_at.get(place) {
                                latencies.push(u32::try_from(at.elapsed().as_micros())?);
                            }
                        }
                    }
                }
                Said::Other(ServerFrame::Refused { problem, .. }) => {
                    if tally.refused.get() == 0 {
                        eprintln!("refused: {problem:?}");
                    }
                    tally.refused.set(tally.refused.get() + 1);
                    open -= 1;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

async fn receive(mut client: Client, tally: Rc<Tally>) -> Outcome<()> {
    loop {
        let mut last = None;
        for said in client.burst().await? {
            if let Said::Deliver(all) = said {
                tally
                    .delivered
                    .set(tally.delivered.get() + all.len() as u64);
                last = all.last().map(|(seq, _)| *seq).or(last);
            }
        }
        if let Some(seq) = last {
            client.feed(frames::ack(seq)?).await?;
            client.flush().await?;
        }
    }
}

/// Takes what waits, checks its order, and acknowledges it.
async fn drain(mut client: Client) -> Outcome<u64> {
    let (mut count, mut newest) = (0, 0);
    loop {
        for said in client.burst().await? {
            match said {
                Said::Deliver(all) => {
                    for (seq, _) in &all {
                        if *seq <= newest {
                            return Err("a sequence out of order".into());
                        }
                        newest = *seq;
                    }
                    count += all.len() as u64;
                    client.feed(frames::ack(newest)?).await?;
                }
                Said::Other(ServerFrame::QueueEmpty) => return Ok(count),
                _ => {}
            }
        }
        client.flush().await?;
    }
}

fn percentile(tally: &Tally, percent: usize) -> f64 {
    let mut all = tally.latencies.borrow_mut();
    all.sort_unstable();
    let at = all.len().saturating_sub(1) * percent / 100;
    all.get(at)
        .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}
