//! How often anybody may do anything: token buckets per (action, who), and a growing delay for guessing secrets.
//!
//! Buckets hold a burst and refill steadily. Guesses are counted by name *and* address, by name alone and by address alone, each
//! with its own patience: one address that guesses at one name is soon made to wait for minutes, while somebody else's guessing
//! delays the name's owner by a minute at most.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock as _};
use sotto_protocol::AccountId;

use super::Error;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Registrations, by address.
    Register,
    /// Logins and recoveries, by address (guessing is limited apart).
    Login,
    /// Session renewals, by address.
    Session,
    /// Searches for people, by account.
    Search,
    /// Reading what is public about accounts, by account.
    Lookup,
    /// Claims of prekeys, by claimer and target.
    Claim,
    /// Claims of prekeys, by claimer.
    ClaimAny,
    /// Changes to the own account, by account.
    Change,
    /// Messages, by account.
    Send,
    /// Messages, by sender and recipient.
    SendTo,
    /// Bytes of messages, by account.
    SendBytes,
    /// Ephemeral frames, by account.
    Ephemeral,
    /// Sockets opened, by address.
    Connect,
}

/// Whose budget an action draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// A client's address; of IPv6 the /64, which is what one subscriber has.
    Address(IpAddr),
    /// An account.
    Account(AccountId),
    /// An account's dealings with another.
    Pair(AccountId, AccountId),
}

impl Who {
    /// An address, as the budget's key.
    pub fn address(address: IpAddr) -> Self {
        Self::Address(subscriber(address))
    }
}

const ACTIONS: [Action; 13] = [
    Action::Register,
    Action::Login,
    Action::Session,
    Action::Search,
    Action::Lookup,
    Action::Claim,
    Action::ClaimAny,
    Action::Change,
    Action::Send,
    Action::SendTo,
    Action::SendBytes,
    Action::Ephemeral,
    Action::Connect,
];

impl Action {
    /// Burst, and refill per minute.
    const fn budget(self) -> (u32, u32) {
        match self {
            Self::Register => (20, 2),
            Self::Login => (60, 20),
            Self::Session => (240, 120),
            Self::Search => (60, 60),
            Self::Lookup => (600, 600),
            // A sender needs one bundle per device and session reset; a drainer would need a hundred.
            Self::Claim => (10, 2),
            Self::ClaimAny => (200, 60),
            Self::Change => (60, 30),
            Self::Send => (20_000, 600_000),
            // More than anybody writes to somebody, yet a mailbox lasts for more than an hour and a half of one stranger.
            Self::SendTo => (2000, 1000),
            Self::SendBytes => (64 * 1024 * 1024, 512 * 1024 * 1024),
            Self::Ephemeral => (200, 1200),
            Self::Connect => (500, 500),
        }
    }
}

/// All budgets.
pub struct Limits {
    buckets: Vec<(Action, DefaultKeyedRateLimiter<Who>)>,
    guesses: Mutex<Guesses>,
    factor: u32,
}

impl Limits {
    /// Budgets multiplied by a factor (1 in earnest; load tests and relays behind one shared address need more).
    pub fn new(factor: u32) -> Self {
        let factor = factor.max(1);
        let buckets = ACTIONS
            .iter()
            .map(|action| {
                let (burst, per_minute) = action.budget();
                let scaled =
                    |n: u32| NonZeroU32::new(n.saturating_mul(factor)).unwrap_or(NonZeroU32::MIN);
                let quota = Quota::per_minute(scaled(per_minute)).allow_burst(scaled(burst));
                (*action, DefaultKeyedRateLimiter::keyed(quota))
            })
            .collect();
        Self {
            buckets,
            guesses: Mutex::default(),
            factor,
        }
    }

    /// Takes `cost` from a budget.
    ///
    /// # Errors
    /// [`Error::RateLimited`], which says how long to wait; then nothing is taken.
    pub fn check(&self, action: Action, who: Who, cost: u32) -> Result<(), Error> {
        let Some((_, bucket)) = self.buckets.iter().find(|(of, _)| *of == action) else {
            return Ok(());
        };
        let Some(cost) = NonZeroU32::new(cost) else {
            return Ok(());
        };
        match bucket.check_key_n(&who, cost) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(bucket.clock().now());
                Err(limited(action, wait))
            }
            // More than the whole burst at once: never possible.
            Err(_) => Err(limited(action, Duration::from_secs(60))),
        }
    }

    /// Notes a try at a secret, before it is known whether it is right.
    ///
    /// # Errors
    /// [`Error::RateLimited`] while earlier failures still delay it; then it isn't counted.
    pub fn guess(&self, name: &str, address: IpAddr) -> Result<(), Error> {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses
            .attempt(name, subscriber(address), self.factor, Instant::now())
            .map_err(|wait| limited(Action::Login, wait))
    }

    /// Forgives the tries at a secret that turned out to be right.
    pub fn guessed_right(&self, name: &str, address: IpAddr) {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.forgive(name, subscriber(address));
    }

    /// Forgets budgets that are full again. Called now and then.
    pub fn tidy(&self) {
        for (_, bucket) in &self.buckets {
            bucket.retain_recent();
            bucket.shrink_to_fit();
        }
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.tidy(Instant::now());
    }
}

fn limited(action: Action, wait: Duration) -> Error {
    metrics::counter!("sotto_limited_total", "action" => format!("{action:?}")).increment(1);
    Error::RateLimited {
        retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1),
    }
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// How patient the relay is with one kind of key.
struct Patience {
    /// Failures that cost nothing: people mistype.
    free: u32,
    /// The longest delay. The first is a second, and each failure doubles it.
    longest: Duration,
}

const NAME_AND_ADDRESS: Patience = Patience {
    free: 5,
    longest: Duration::from_secs(15 * 60),
};
const NAME: Patience = Patience {
    free: 20,
    longest: Duration::from_secs(60),
};
const ADDRESS: Patience = Patience {
    free: 50,
    longest: Duration::from_secs(5 * 60),
};

/// Failures are forgotten after an hour without any.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// Keys remembered at most; past it those with the fewest failures go.
const GUESSED_MAX: usize = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Guessed {
    NameAndAddress(String, IpAddr),
    Name(String),
    Address(IpAddr),
}

struct Failures {
    count: u32,
    until: Instant,
    last: Instant,
}

#[derive(Default)]
struct Guesses(HashMap<Guessed, Failures>);

impl Guesses {
    fn keys(name: &str, address: IpAddr) -> [(Guessed, Patience); 3] {
        [
            (
                Guessed::NameAndAddress(name.to_owned(), address),
                NAME_AND_ADDRESS,
            ),
            (Guessed::Name(name.to_owned()), NAME),
            (Guessed::Address(address), ADDRESS),
        ]
    }

    fn attempt(
        &mut self,
        name: &str,
        address: IpAddr,
        factor: u32,
        now: Instant,
    ) -> Result<(), Duration> {
        let keys = Self::keys(name, address);
        let wait = keys
            .iter()
            .filter_map(|(key, _)| self.0.get(key))
            .map(|failures| failures.until.saturating_duration_since(now))
            .max()
            .unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        if self.0.len() + keys.len() > GUESSED_MAX {
            self.make_room(now);
        }
        for (key, patience) in keys {
            let failures = self.0.entry(key).or_insert(Failures {
                count: 0,
                until: now,
                last: now,
            });
            if now.saturating_duration_since(failures.last) > FORGOTTEN {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
            let over = failures
                .count
                .saturating_sub(patience.free.saturating_mul(factor));
            if over > 0 {
                let delay = Duration::from_secs(1u64 << (over - 1).min(20));
                failures.until = now + delay.min(patience.longest);
            }
        }
        Ok(())
    }

    fn forgive(&mut self, name: &str, address: IpAddr) {
        for (key, _) in Self::keys(name, address) {
            match key {
                // Knowing one password says nothing about the other names that this address tries.
                Guessed::Address(_) => {
                    if let Some(failures) = self.0.get_mut(&key) {
                        failures.count = failures.count.saturating_sub(1);
                    }
                }
                _ => {
                    self.0.remove(&key);
                }
            }
        }
    }

    fn tidy(&mut self, now: Instant) {
        self.0
            .retain(|_, failures| now.saturating_duration_since(failures.last) <= FORGOTTEN);
    }

    fn make_room(&mut self, now: Instant) {
        self.tidy(now);
        let mut least = 1;
        while self.0.len() > GUESSED_MAX / 2 && least < u32::MAX / 2 {
            self.0.retain(|_, failures| failures.count > least);
            least *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    /// Guesses as fast as allowed; returns how long it took.
    fn guess_times(guesses: &mut Guesses, times: u32, name: &str, from: IpAddr) -> Duration {
        let start = Instant::now();
        let mut now = start;
        for _ in 0..times {
            while let Err(wait) = guesses.attempt(name, from, 1, now) {
                now += wait;
            }
        }
        now - start
    }

    #[test]
    fn guessing_one_name_takes_ever_longer() {
        let mut guesses = Guesses::default();
        assert_eq!(
            guess_times(&mut guesses, 6, "alice", HOME),
            Duration::ZERO,
            "people mistype"
        );
        let hundred = guess_times(&mut guesses, 100, "alice", HOME);
        assert!(hundred > Duration::from_secs(20 * 60 * 60), "{hundred:?}");
    }

    #[test]
    fn somebody_elses_guessing_delays_the_owner_by_a_minute_at_most() {
        let mut guesses = Guesses::default();
        let now = Instant::now();
        for n in 0..2000u32 {
            let from = IpAddr::V4((0x0a00_0000 + n).into());
            guesses
                .0
                .retain(|key, _| !matches!(key, Guessed::Address(_)));
            if let Some(failures) = guesses.0.get_mut(&Guessed::Name("alice".into())) {
                failures.until = now;
            }
            guesses.attempt("alice", from, 1, now).unwrap();
        }
        let wait = guesses.attempt("alice", HOME, 1, now).unwrap_err();
        assert!(wait <= Duration::from_secs(60), "{wait:?}");
    }

    #[test]
    fn many_names_from_one_address_are_slowed_too_and_success_forgives_the_name_alone() {
        let mut guesses = Guesses::default();
        let now = Instant::now();
        for n in 0..51 {
            guesses.attempt(&format!("user{n}"), HOME, 1, now).unwrap();
        }
        assert!(guesses.attempt("another", HOME, 1, now).is_err());
        guesses.attempt("user1", AWAY, 1, now).unwrap();
        guesses.forgive("user1", AWAY);
        assert!(!guesses.0.contains_key(&Guessed::Name("user1".into())));
        assert!(guesses.attempt("another", HOME, 1, now).is_err());
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_kept() {
        let mut guesses = Guesses::default();
        let now = Instant::now();
        let _ = guess_times(&mut guesses, 20, "alice", HOME);
        for n in 0..u32::try_from(GUESSED_MAX).unwrap() {
            let from = IpAddr::V4((0x0a00_0000 + n).into());
            guesses.attempt(&format!("u{n}"), from, 1, now).unwrap();
        }
        assert!(guesses.0.len() <= GUESSED_MAX);
        assert!(
            guesses
                .0
                .contains_key(&Guessed::NameAndAddress("alice".into(), HOME))
        );
    }

    #[test]
    fn a_budget_runs_out_and_says_when_to_come_back() {
        let limits = Limits::new(1);
        let who = Who::Account(AccountId([1; 16]));
        for _ in 0..Action::Search.budget().0 {
            limits.check(Action::Search, who, 1).unwrap();
        }
        let Err(Error::RateLimited { retry_after_ms }) = limits.check(Action::Search, who, 1)
        else {
            panic!("the budget never ran out");
        };
        assert!((1..=1000).contains(&retry_after_ms), "{retry_after_ms}");
        let other = Who::Account(AccountId([2; 16]));
        limits.check(Action::Search, other, 1).unwrap();
    }

    #[test]
    fn one_account_needs_more_than_an_hour_and_a_half_to_fill_a_mailbox() {
        let (burst, per_minute) = Action::SendTo.budget();
        let minutes = (sotto_protocol::limits::MAILBOX_MAX as u32 - burst) / per_minute;
        assert!(minutes > 90, "{minutes}");
        let limits = Limits::new(1);
        let [mallory, alice, bob] = [1, 2, 3].map(|n| AccountId([n; 16]));
        let to = |one, other| limits.check(Action::SendTo, Who::Pair(one, other), 1);
        for _ in 0..burst {
            to(mallory, bob).unwrap();
        }
        assert!(matches!(to(mallory, bob), Err(Error::RateLimited { .. })));
        // Neither who writes to Bob nor whom Mallory writes to notices.
        to(alice, bob).unwrap();
        to(mallory, alice).unwrap();
    }

    #[test]
    fn one_ipv6_subscriber_has_one_budget() {
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let two: IpAddr = "2001:db8::ffff:2".parse().unwrap();
        let else_where: IpAddr = "2001:db8:0:1::1".parse().unwrap();
        assert_eq!(Who::address(one), Who::address(two));
        assert_ne!(Who::address(one), Who::address(else_where));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(Who::address(mapped), Who::address(HOME));
    }
}
