//! [`MailboxStore`] in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sotto_protocol::{DeviceId, MessageId, limits::MAILBOX_MAX};

use crate::{
    domain::Identity,
    store::{
        Op, StoreError,
        mailboxes::{Batch, Deposit, MailboxStore, Outcome, Page, Stored},
    },
};

/// Mailboxes that vanish with the process.
#[derive(Default)]
pub struct MemoryMailboxes(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    mailboxes: HashMap<DeviceId, Mailbox>,
    reserved: u64,
}

#[derive(Default)]
struct Mailbox {
    waiting: BTreeMap<u64, (Stored, u64)>,
    known: HashMap<(Identity, MessageId), u64>,
}

impl MemoryMailboxes {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ready<T: Send + 'static>(value: T) -> Op<'static, T> {
    Box::pin(std::future::ready(Ok::<T, StoreError>(value)))
}

impl Inner {
    fn deposit(&mut self, deposit: &Deposit) -> Outcome {
        let key = (deposit.from, deposit.id);
        let mut full = Vec::new();
        for part in &deposit.parts {
            let mailbox = self.mailboxes.entry(part.mailbox).or_default();
            match mailbox.known.get(&key) {
                Some(digest) if *digest != part.digest => return Outcome::Reused,
                Some(_) => {}
                None if mailbox.waiting.len() >= MAILBOX_MAX => full.push(part.mailbox),
                None => {}
            }
        }
        for part in &deposit.parts {
            if full.contains(&part.mailbox) {
                continue;
            }
            let mailbox = self.mailboxes.entry(part.mailbox).or_default();
            if mailbox.known.insert(key, part.digest).is_none() {
                let stored = Stored {
                    seq: part.seq,
                    from: deposit.from,
                    id: deposit.id,
                    received_at: deposit.received_at,
                    body: part.body.clone(),
                };
                mailbox.waiting.insert(part.seq, (stored, part.digest));
            }
        }
        Outcome::passing(full, deposit.parts.len())
    }
}

impl Mailbox {
    fn forget(&mut self, gone: impl Fn(&Stored) -> bool) {
        let known = &mut self.known;
        self.waiting.retain(|_, (stored, _)| {
            let keep = !gone(stored);
            if !keep {
                known.remove(&(stored.from, stored.id));
            }
            keep
        });
    }
}

impl MailboxStore for MemoryMailboxes {
    fn commit(&self, batch: Batch) -> Op<'_, Vec<Outcome>> {
        let mut inner = self.inner();
        let outcomes = batch
            .deposits
            .iter()
            .map(|deposit| inner.deposit(deposit))
            .collect();
        for (mailbox, through) in batch.acks {
            if let Some(mailbox) = inner.mailboxes.get_mut(&mailbox) {
                mailbox.forget(|stored| stored.seq <= through);
            }
        }
        if let Some(reserve) = batch.reserve {
            inner.reserved = inner.reserved.max(reserve);
        }
        ready(outcomes)
    }

    fn newest(&self, mailbox: DeviceId) -> Op<'_, u64> {
        let inner = self.inner();
        ready(
            inner
                .mailboxes
                .get(&mailbox)
                .and_then(|mailbox| mailbox.waiting.keys().next_back().copied())
                .unwrap_or(0),
        )
    }

    fn read(&self, mailbox: DeviceId, page: Page) -> Op<'_, Vec<Stored>> {
        let inner = self.inner();
        let mut bytes = 0;
        ready(
            inner
                .mailboxes
                .get(&mailbox)
                .into_iter()
                .flat_map(|mailbox| mailbox.waiting.values())
                .filter(|(stored, _)| stored.seq > page.after && stored.seq < page.before)
                .take(page.envelopes)
                .take_while(|(stored, _)| {
                    let first = bytes == 0;
                    bytes += stored.body.len();
                    first || bytes <= page.bytes
                })
                .map(|(stored, _)| stored.clone())
                .collect(),
        )
    }

    fn waiting(&self, mailbox: DeviceId) -> Op<'_, u64> {
        let inner = self.inner();
        ready(
            inner
                .mailboxes
                .get(&mailbox)
                .map_or(0, |mailbox| mailbox.waiting.len() as u64),
        )
    }

    fn reserved(&self) -> Op<'_, u64> {
        ready(self.inner().reserved.max(1))
    }

    fn remove(&self, mailbox: DeviceId) -> Op<'_, ()> {
        self.inner().mailboxes.remove(&mailbox);
        ready(())
    }

    fn sweep(&self, expired: u64) -> Op<'_, bool> {
        for mailbox in self.inner().mailboxes.values_mut() {
            mailbox.forget(|stored| stored.received_at < expired);
        }
        ready(false)
    }
}
