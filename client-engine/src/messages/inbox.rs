//! Deliveries of the present connection: which are durable, which wait for keys, what may be acknowledged (PROTOCOL.md sections 8 and 9.6).
//!
//! An acknowledgement says that everything up to a sequence is durable, so it stops before the first delivery that waits. Those
//! that wait are in memory only: unacknowledged, they come again on the next connection.

use std::collections::BTreeMap;

use sotto_protocol::{
    AccountId,
    socket::{ClientFrame, Delivery},
};

use crate::{home::Home, turn::Turn};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// Read, or not worth keeping: durable with this step.
    Done,
    /// Its sender's device is not known yet.
    Wait,
}

/// Deliveries of this connection.
#[derive(Default)]
pub(crate) struct Inbox {
    /// Unacknowledged, by sequence. `None`: durable.
    open: BTreeMap<u64, Option<Delivery>>,
    acked: u64,
    /// Acknowledge again: something came twice.
    again: bool,
}

impl Inbox {
    pub(crate) fn disconnected(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn waits_for(&self, account: AccountId) -> bool {
        self.open.values().flatten().any(|d| d.from == account)
    }

    fn parked(&self, account: AccountId) -> Vec<u64> {
        let of = |d: &Option<Delivery>| d.as_ref().is_some_and(|d| d.from == account);
        self.open
            .iter()
            .filter(|(_, d)| of(d))
            .map(|(seq, _)| *seq)
            .collect()
    }

    fn acknowledge(&mut self, t: &mut Turn<'_>) {
        let mut through = None;
        while let Some(first) = self.open.first_entry() {
            if first.get().is_some() {
                break;
            }
            through = Some(first.remove_entry().0);
        }
        if let Some(seq) = through {
            self.acked = self.acked.max(seq);
        }
        if through.is_some() || (self.again && self.acked > 0) {
            t.frame(&ClientFrame::Ack {
                through: self.acked,
            });
        }
        self.again = false;
    }
}

impl Home {
    pub(crate) fn delivered(&mut self, t: &mut Turn<'_>, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            if self.inbox.open.contains_key(&delivery.seq) {
                continue;
            }
            let (seq, from) = (delivery.seq, delivery.from);
            // Behind one that waits, everything of the same sender waits, so that their order stays.
            let behind = self.inbox.waits_for(from);
            let received = if behind {
                Received::Wait
            } else {
                self.receive(t, &delivery, false)
            };
            if received == Received::Wait {
                self.inbox.open.insert(seq, Some(delivery));
                if behind {
                    self.fetch_lists(t, from);
                } else {
                    self.fetch_lists_anew(t, from);
                }
            } else if seq > self.inbox.acked {
                self.inbox.open.insert(seq, None);
            } else {
                self.inbox.again = true;
            }
        }
        self.inbox.acknowledge(t);
    }

    /// This account's lists are as new as the relay has them: what waited for them can be judged.
    pub(crate) fn unpark(&mut self, t: &mut Turn<'_>, account: AccountId) {
        for seq in self.inbox.parked(account) {
            let Some(delivery) = self.inbox.open.get_mut(&seq).and_then(Option::take) else {
                continue;
            };
            // Still unknown now means: no device of that account.
            let _ = self.receive(t, &delivery, true);
        }
        self.inbox.acknowledge(t);
    }

    /// What waits can never be judged.
    pub(crate) fn drop_parked(&mut self, t: &mut Turn<'_>, account: AccountId) {
        for seq in self.inbox.parked(account) {
            self.inbox.open.insert(seq, None);
        }
        self.inbox.acknowledge(t);
    }
}
