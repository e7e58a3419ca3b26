//! `kill -9` under load: clients keep what isn't accepted and send it again; recipients remember what they have. In the end every accepted
//! message must have arrived, once.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use sotto_protocol::socket::ServerFrame;
use tokio::{
    task::{JoinSet, LocalSet},
    time::{sleep, timeout},
};

use crate::{
    Outcome,
    client::Client,
    frames::{self, Said, Template},
    relay::{Person, Relay},
};

const IN_FLIGHT: usize = 64;
const BETWEEN_KILLS: Duration = Duration::from_millis(1200);
/// For everything to arrive after the last kill.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Book {
    accepted: RefCell<HashSet<u128>>,
    /// How often each message reached its recipient.
    arrived: RefCell<BTreeMap<u128, u32>>,
    /// Deliveries below one that the same connection had before.
    disordered: Cell<u64>,
    sent: Cell<u64>,
    stop: Cell<bool>,
    done: Cell<bool>,
}

/// Sends between pairs while the relay is killed and started again, then counts.
pub async fn run(mut relay: Relay, kills: u32, pairs: usize, bytes: usize) -> Outcome<()> {
    let book = Rc::new(Book::default());
    LocalSet::new()
        .run_until(async {
            let mut senders = JoinSet::new();
            let mut recipients = JoinSet::new();
            for n in 0..pairs {
                senders.spawn_local(send(relay.addr, n, pairs, bytes, Rc::clone(&book)));
                recipients.spawn_local(receive(relay.addr, pairs + n, n % 2 == 0, Rc::clone(&book)));
            }
            for _ in 0..kills {
                sleep(BETWEEN_KILLS).await;
                relay.kill().await?;
                relay.launch().await?;
            }
            sleep(BETWEEN_KILLS).await;
            book.stop.set(true);
            timeout(PATIENCE, async { while senders.join_next().await.is_some() {} }).await?;
            let missing = || {
                let arrived = book.arrived.borrow();
                book.accepted.borrow().iter().filter(|id| !arrived.contains_key(id)).count()
            };
            let waited = timeout(PATIENCE, async {
                while missing() > 0 {
                    sleep(Duration::from_millis(50)).await;
                }
            })
            .await;
            book.done.set(true);
            recipients.abort_all();
            let again: u32 = book.arrived.borrow().values().map(|times| times - 1).sum();
            println!(
                "{kills} kills: {} sent, {} accepted, {} missing, {} out of order, {} delivered again and recognised",
                book.sent.get(),
                book.accepted.borrow().len(),
                missing(),
                book.disordered.get(),
                again,
            );
            if waited.is_err() || book.disordered.get() > 0 {
                return Err("the relay lost something".into());
            }
            Ok(())
        })
        .await
}

/// A client's outbox: sends, and after every reconnect sends again what isn't accepted.
async fn send(
    addr: SocketAddr,
    number: usize,
    pairs: usize,
    bytes: usize,
    book: Rc<Book>,
) -> Outcome<()> {
    let template = Template::new(Person(pairs + number), bytes)?;
    let mut outbox: BTreeMap<u128, ()> = BTreeMap::new();
    let mut next = (number as u128) << 64;
    while !(book.stop.get() && outbox.is_empty()) {
        let Ok(mut client) = Client::connect(addr, Person(number)).await else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        // A connection that breaks is the point of the exercise: the outbox is what remains of it.
        drop(converse(&mut client, &template, &mut outbox, &mut next, &book).await);
    }
    Ok(())
}

async fn converse(
    client: &mut Client,
    template: &Template,
    outbox: &mut BTreeMap<u128, ()>,
    next: &mut u128,
    book: &Book,
) -> Outcome<()> {
    for id in outbox.keys() {
        client.feed(template.with(*id)).await?;
    }
    loop {
        while outbox.len() < IN_FLIGHT && !book.stop.get() {
            outbox.insert(*next, ());
            book.sent.set(book.sent.get() + 1);
            client.feed(template.with(*next)).await?;
            *next += 1;
        }
        client.flush().await?;
        if outbox.is_empty() {
            return Ok(());
        }
        for said in client.burst().await? {
            match said {
                Said::Accepted(ids) => {
                    for id in ids {
                        outbox.remove(&id);
                        book.accepted.borrow_mut().insert(id);
                    }
                }
                Said::Other(ServerFrame::Refused { id, .. }) => {
                    sleep(Duration::from_millis(20)).await;
                    client
                        .feed(template.with(u128::from_be_bytes(id.0)))
                        .await?;
                }
                _ => {}
            }
        }
    }
}

/// A recipient that notes what it has before it acknowledges; one that comes and goes leaves after a while, with some unacknowledged.
async fn receive(addr: SocketAddr, number: usize, stays: bool, book: Rc<Book>) {
    while !book.done.get() {
        let Ok(mut client) = Client::connect(addr, Person(number)).await else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let listening = listen(&mut client, &book);
        if stays || book.stop.get() {
            drop(listening.await);
        } else {
            drop(timeout(Duration::from_millis(300), listening).await);
            sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn listen(client: &mut Client, book: &Book) -> Outcome<()> {
    let mut newest = 0;
    loop {
        for said in client.burst().await? {
            let Said::Deliver(all) = said else { continue };
            for (seq, id) in all {
                if seq <= newest {
                    book.disordered.set(book.disordered.get() + 1);
                }
                newest = seq;
                *book.arrived.borrow_mut().entry(id).or_default() += 1;
            }
        }
        if newest > 0 {
            client.feed(frames::ack(newest)?).await?;
            client.flush().await?;
        }
    }
}
