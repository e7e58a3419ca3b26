//! Recognises repeated sends of one device: the last [`REMEMBERED`] of the last [`REMEMBERED_FOR`], and everything in flight.
//!
//! Beyond this window a repeated send is still never doubled while the first copy waits: mailboxes know what they hold.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::{Duration, Instant},
};

use sotto_protocol::MessageId;

/// Settled sends remembered per device.
pub const REMEMBERED: usize = 1024;
/// How long they are remembered.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// What is known of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Never, or not remembered.
    New,
    /// The same message, not yet settled.
    InFlight,
    /// The same message, accepted.
    Accepted,
    /// The same id with other contents.
    Reused,
}

struct Send {
    digest: u64,
    accepted: bool,
}

/// The sends of one device.
#[derive(Default)]
pub(super) struct Recent {
    sends: HashMap<MessageId, Send>,
    /// Accepted ones, in the order of their acceptance.
    accepted: VecDeque<(Instant, MessageId)>,
}

impl Recent {
    /// Notes a send, unless it is a repeated one.
    pub(super) fn begin(&mut self, id: MessageId, digest: u64) -> Seen {
        match self.sends.entry(id) {
            Entry::Occupied(entry) => match entry.get() {
                send if send.digest != digest => Seen::Reused,
                send if send.accepted => Seen::Accepted,
                _ => Seen::InFlight,
            },
            Entry::Vacant(entry) => {
                entry.insert(Send {
                    digest,
                    accepted: false,
                });
                Seen::New
            }
        }
    }

    /// Notes that a send is accepted.
    pub(super) fn accepted(&mut self, id: MessageId, now: Instant) {
        if let Some(send) = self.sends.get_mut(&id) {
            send.accepted = true;
            self.accepted.push_back((now, id));
        }
        if self.accepted.len() > REMEMBERED {
            self.forget_first();
        }
    }

    /// Forgets a send that was refused: it may come again, with other contents.
    pub(super) fn refused(&mut self, id: &MessageId) {
        self.sends.remove(id);
    }

    /// Forgets what is too old; whether anything is left.
    pub(super) fn tidy(&mut self, now: Instant) -> bool {
        while self
            .accepted
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED_FOR)
        {
            self.forget_first();
        }
        if self.sends.is_empty() {
            *self = Self::default();
        }
        !self.sends.is_empty()
    }

    fn forget_first(&mut self) {
        if let Some((_, id)) = self.accepted.pop_front() {
            self.sends.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_send_is_recognised_within_the_window() {
        let mut recent = Recent::default();
        let now = Instant::now();
        let id = |n: u32| MessageId(u128::from(n).to_be_bytes());
        assert_eq!(recent.begin(id(0), 7), Seen::New);
        assert_eq!(recent.begin(id(0), 7), Seen::InFlight);
        assert_eq!(recent.begin(id(0), 8), Seen::Reused);
        recent.accepted(id(0), now);
        assert_eq!(recent.begin(id(0), 7), Seen::Accepted);
        for n in 1..=REMEMBERED as u32 {
            recent.begin(id(n), 7);
            recent.accepted(id(n), now);
        }
        assert_eq!(recent.begin(id(0), 7), Seen::New, "beyond the window");
        assert_eq!(recent.begin(id(1), 7), Seen::Accepted);
        recent.refused(&id(0));
        assert!(!recent.tidy(now + REMEMBERED_FOR + Duration::from_secs(1)));
    }
}
