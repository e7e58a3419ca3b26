//! Order keys: where a line stands in its conversation, compared as text (PROTOCOL.md section 9.6).
//!
//! ```text
//! at the end:  <12 hex digits: milliseconds>-<4 hex digits: counter>
//! in between:  <key of the line before>.<8 hex digits: the sender's count><4 hex digits: its device>
//! ```
//!
//! A line at the end never sorts before one that is there, whatever the clock does. A late line (repaired, overtaken)
//! gets a key right behind the line that it should have followed: `.` sorts behind the end of a key and before all later keys.

use std::fmt;

use serde::{Deserialize, Serialize};
use sotto_protocol::DeviceId;

/// An order key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub(crate) struct Order(String);

/// The last key at the end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub(crate) struct Last {
    ms: u64,
    count: u16,
}

/// 48 bits of milliseconds: beyond the year 10000.
const MS_MAX: u64 = (1 << 48) - 1;

impl Last {
    /// The next key at the end.
    pub(crate) fn next(&mut self, now: u64) -> Order {
        let now = now.min(MS_MAX);
        if now > self.ms {
            *self = Self { ms: now, count: 0 };
        } else if let Some(count) = self.count.checked_add(1) {
            self.count = count;
        } else {
            *self = Self {
                ms: self.ms.saturating_add(1).min(MS_MAX),
                count: 0,
            };
        }
        self.order()
    }

    /// The key that was given out last.
    pub(crate) fn order(self) -> Order {
        Order(format!("{:012x}-{:04x}", self.ms, self.count))
    }
}

impl Order {
    /// Takes a cursor from a user interface: any text of a key's characters.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let allowed = |c: u8| c.is_ascii_hexdigit() || matches!(c, b'-' | b'.');
        (text.len() <= 512 && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// A key right behind this one, for a late line.
    pub(crate) fn between(&self, count: u64, device: DeviceId) -> Self {
        let [a, b, ..] = device.0;
        Self(format!("{}.{:08x}{a:02x}{b:02x}", self.0, count))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_grow_even_if_the_clock_goes_back() {
        let mut last = Last::default();
        let keys = [5, 5, 3, 9, 1].map(|now| last.next(now));
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        let mut last = Last {
            ms: 7,
            count: u16::MAX,
        };
        let before = last.order();
        assert!(before < last.next(0));
    }

    #[test]
    fn late_lines_sort_behind_the_line_before_and_in_their_own_order() {
        let mut last = Last::default();
        let (first, second) = (last.next(1), last.next(1));
        let device = DeviceId([3; 16]);
        let (a, b) = (first.between(1, device), first.between(2, device));
        assert!(first < a && a < b && b < second);
        let inner = a.between(9, device);
        assert!(a < inner && inner < b);
    }
}
