//! A store whose commits fail now and then: before anything is written, or after everything was, as a lost answer would look.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use sotto_protocol::DeviceId;
use sotto_server::store::{
    Op, StoreError,
    mailboxes::{Batch, MailboxStore, Outcome, Page, Stored},
};

/// Chance that can be repeated (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

pub struct Faulty {
    store: Arc<dyn MailboxStore>,
    dice: Mutex<Dice>,
    failing: AtomicBool,
}

impl Faulty {
    pub fn new(store: Arc<dyn MailboxStore>, seed: u64) -> Self {
        Self {
            store,
            dice: Mutex::new(Dice(seed)),
            failing: AtomicBool::new(false),
        }
    }

    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }
}

fn failed<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("a fault was injected".into()))
}

impl MailboxStore for Faulty {
    fn commit(&self, batch: Batch) -> Op<'_, Vec<Outcome>> {
        let dice = self.dice.lock().unwrap().throw(4);
        let failing = self.failing.load(Ordering::SeqCst);
        Box::pin(async move {
            if failing && dice == 0 {
                return failed();
            }
            let outcome = self.store.commit(batch).await;
            if failing && dice == 1 {
                failed()
            } else {
                outcome
            }
        })
    }

    fn newest(&self, mailbox: DeviceId) -> Op<'_, u64> {
        self.store.newest(mailbox)
    }

    fn read(&self, mailbox: DeviceId, page: Page) -> Op<'_, Vec<Stored>> {
        self.store.read(mailbox, page)
    }

    fn waiting(&self, mailbox: DeviceId) -> Op<'_, u64> {
        self.store.waiting(mailbox)
    }

    fn reserved(&self) -> Op<'_, u64> {
        self.store.reserved()
    }

    fn remove(&self, mailbox: DeviceId) -> Op<'_, ()> {
        self.store.remove(mailbox)
    }

    fn sweep(&self, expired: u64) -> Op<'_, bool> {
        self.store.sweep(expired)
    }
}
