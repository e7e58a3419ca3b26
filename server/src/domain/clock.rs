//! The wall clock, in milliseconds since the Unix epoch: the only place that reads the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Milliseconds since the Unix epoch; 0 on a clock before it.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// The beginning of the (UTC) day of a time: what is kept about people is kept to the day.
pub fn day_of(ms: u64) -> u64 {
    ms - ms % DAY_MS
}
