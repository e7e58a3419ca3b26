//! Counts of texts per sending device and conversation: what tells a new text from a late and from a doubled one (PROTOCOL.md section 9.6).
//!
//! Every text carries how many its device has sent in this conversation. A higher count than seen is new, and what it skips is
//! a *gap*; a count within a gap is late, and belongs behind the line that was last when the gap was noticed; any other was seen.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, DeviceId};

use crate::messages::order::Order;

/// Gaps that are remembered per device; the oldest is given up first.
const GAPS_MAX: usize = 64;

/// Counts that were skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Gap {
    from: u64,
    to: u64,
    /// The conversation's last line when the gap was noticed.
    behind: Order,
}

/// Where a text belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the end.
    End,
    /// Right behind this line.
    Behind(Order),
    /// Nowhere: it is there already.
    Seen,
}

/// The counts of one device in one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Track {
    last: u64,
    gaps: Vec<Gap>,
}

impl Track {
    /// Takes a text's count; `end` is the conversation's last line now.
    pub(crate) fn take(&mut self, n: u64, end: &Order) -> Place {
        if n > self.last {
            if n > self.last + 1 {
                if self.gaps.len() == GAPS_MAX {
                    self.gaps.remove(0);
                }
                self.gaps.push(Gap {
                    from: self.last + 1,
                    to: n - 1,
                    behind: end.clone(),
                });
            }
            self.last = n;
            return Place::End;
        }
        let Some(at) = self.gaps.iter().position(|g| (g.from..=g.to).contains(&n)) else {
            return Place::Seen;
        };
        let gap = self.gaps.remove(at);
        let rest = [
            (gap.from, n.saturating_sub(1)),
            (n.saturating_add(1), gap.to),
        ];
        for (from, to) in rest.into_iter().rev().filter(|(from, to)| from <= to) {
            let behind = gap.behind.clone();
            self.gaps.insert(at, Gap { from, to, behind });
        }
        Place::Behind(gap.behind)
    }
}

/// All counts.
pub(crate) type Tracks = HashMap<(AccountId, DeviceId), Track>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::order::Last;

    #[test]
    fn late_texts_are_placed_and_doubled_ones_are_noticed() {
        let mut last = Last::default();
        let (a, b) = (last.next(1), last.next(2));
        let mut track = Track::default();
        assert_eq!(track.take(1, &Order::default()), Place::End);
        assert_eq!(track.take(5, &a), Place::End);
        assert_eq!(track.take(3, &b), Place::Behind(a.clone()));
        assert_eq!(track.take(3, &b), Place::Seen);
        assert_eq!(track.take(2, &b), Place::Behind(a.clone()));
        assert_eq!(track.take(4, &b), Place::Behind(a));
        assert_eq!(track.take(4, &b), Place::Seen);
        assert_eq!(track.take(1, &b), Place::Seen);
        assert_eq!(track.take(6, &b), Place::End);
        assert_eq!(track.take(0, &b), Place::Seen);
        assert!(track.gaps.is_empty());
    }
}
