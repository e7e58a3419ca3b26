//! The socket: when to open it, when to give up on it, when to try again (PROTOCOL.md section 9.3).
//!
//! ```text
//!          ┌────────────── back-off, or asked to ─────────────┐
//!          ▼                                                  │
//! Idle → Token ──▶ Opening ──▶ Greeting ──▶ Online ──▶ Waiting{until}
//!          └───────────┴────────────┴──── failure ──────▲
//! ```
//!
//! Not concerned with what frames hold.

use rand_core::CryptoRng;

use crate::api::view::ConnectionView;

/// First pause.
const BACKOFF_MIN_MS: u64 = 1_000;
/// Longest pause.
const BACKOFF_MAX_MS: u64 = 60_000;
/// A step of connecting may take so long.
const STEP_MS: u64 = 20_000;
/// Silence after which the relay is asked whether it is there.
const PING_AFTER_MS: u64 = 30_000;
/// It must answer within.
const PONG_WITHIN_MS: u64 = 15_000;
/// Another connection of this device took over: it may be a tab that is closing, so don't fight.
pub(crate) const DISPLACED_MS: u64 = 15_000;

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody is signed in.
    Idle,
    /// A token is being got.
    Token { since: u64 },
    /// The socket is being opened.
    Opening { since: u64 },
    /// `hello` has been sent.
    Greeting { since: u64 },
    /// Welcome.
    Online { caught_up: bool },
    /// Until the next try.
    Waiting { until: u64 },
}

/// What must happen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Connect,
    Ping,
    GiveUp,
}

pub(crate) struct Connection {
    pub(crate) phase: Phase,
    attempt: u32,
    heard_at: u64,
    pinged_at: Option<u64>,
    /// The relay asked for a pause.
    not_before: u64,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            attempt: 0,
            heard_at: 0,
            pinged_at: None,
            not_before: 0,
        }
    }
}

impl Connection {
    pub(crate) fn online(&self) -> bool {
        matches!(self.phase, Phase::Online { .. })
    }

    /// A socket exists, or is being opened.
    pub(crate) fn has_socket(&self) -> bool {
        matches!(
            self.phase,
            Phase::Opening { .. } | Phase::Greeting { .. } | Phase::Online { .. }
        )
    }

    pub(crate) fn heard(&mut self, now: u64) {
        self.heard_at = now;
        self.pinged_at = None;
    }

    pub(crate) fn pinged(&mut self, now: u64) {
        self.pinged_at = Some(now);
    }

    pub(crate) fn welcomed(&mut self, now: u64) {
        self.phase = Phase::Online { caught_up: false };
        self.heard(now);
    }

    /// All that waited has arrived: the connection has proved good.
    pub(crate) fn settled(&mut self) {
        self.attempt = 0;
        self.not_before = 0;
        self.phase = Phase::Online { caught_up: true };
    }

    /// Goes into the pause before the next try: doubling, with full jitter, never before the relay wants it.
    pub(crate) fn back_off(&mut self, now: u64, at_least: u64, rng: &mut dyn CryptoRng) {
        let ceiling = BACKOFF_MIN_MS
            .saturating_mul(1 << self.attempt.min(16))
            .min(BACKOFF_MAX_MS);
        self.attempt = self.attempt.saturating_add(1);
        let jitter = rng.next_u64() % (ceiling / 2 + 1);
        self.not_before = self.not_before.max(now.saturating_add(at_least));
        let until = now
            .saturating_add(ceiling / 2 + jitter)
            .max(self.not_before);
        self.phase = Phase::Waiting { until };
        self.pinged_at = None;
    }

    /// Ends a pause early, if the relay did not ask for it.
    pub(crate) fn hurry(&mut self, now: u64) {
        if let Phase::Waiting { until } = &mut self.phase {
            *until = self.not_before.max(now).min(*until);
        }
    }

    pub(crate) fn due(&self, now: u64) -> Due {
        match self.phase {
            Phase::Waiting { until } if now >= until => Due::Connect,
            Phase::Token { since } | Phase::Opening { since } | Phase::Greeting { since }
                if now >= since.saturating_add(STEP_MS) =>
            {
                Due::GiveUp
            }
            Phase::Online { .. } => match self.pinged_at {
                Some(at) if now >= at.saturating_add(PONG_WITHIN_MS) => Due::GiveUp,
                None if now >= self.heard_at.saturating_add(PING_AFTER_MS) => Due::Ping,
                _ => Due::Nothing,
            },
            _ => Due::Nothing,
        }
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        match self.phase {
            Phase::Idle => None,
            Phase::Waiting { until } => Some(until),
            Phase::Token { since } | Phase::Opening { since } | Phase::Greeting { since } => {
                Some(since.saturating_add(STEP_MS))
            }
            Phase::Online { .. } => Some(match self.pinged_at {
                Some(at) => at.saturating_add(PONG_WITHIN_MS),
                None => self.heard_at.saturating_add(PING_AFTER_MS),
            }),
        }
    }

    pub(crate) fn view(&self) -> ConnectionView {
        match self.phase {
            Phase::Online { caught_up } => ConnectionView::Online { caught_up },
            Phase::Waiting { until } => ConnectionView::Offline { retry_at: until },
            _ => ConnectionView::Connecting,
        }
    }
}
