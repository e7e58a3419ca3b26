//! Conversations of several requests: what must be remembered between them, for minutes, in memory.
//!
//! A restart forgets them and clients start again. Each kind is bounded in number: who floods one pushes out the oldest, and the
//! limits per address make that dear.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Error, token::Token};

/// Ceremonies of one kind at most.
const PENDING_MAX: usize = 20_000;

/// Ceremonies of one kind, by their tokens' hashes.
pub struct Pending<T> {
    lives: Duration,
    state: Mutex<State<T>>,
}

struct State<T> {
    by_token: HashMap<[u8; 32], (Instant, T)>,
    /// In the order in which they were made, which is the order in which they expire.
    order: VecDeque<[u8; 32]>,
}

impl<T> Pending<T> {
    /// None yet; each will live so long.
    pub fn new(lives: Duration) -> Self {
        Self {
            lives,
            state: Mutex::new(State {
                by_token: HashMap::new(),
                order: VecDeque::new(),
            }),
        }
    }

    /// Remembers one; returns the token that names it.
    ///
    /// # Errors
    /// [`Error::Internal`] if the system has no randomness.
    pub fn insert(&self, value: T) -> Result<Token, Error> {
        let token = Token::generate()?;
        self.put(&token, value);
        Ok(token)
    }

    /// Remembers one under a token that there is already.
    pub fn put(&self, token: &Token, value: T) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(oldest) = state.order.front().copied() {
            let expired = state
                .by_token
                .get(&oldest)
                .is_none_or(|(expires, _)| *expires <= now);
            if !expired && state.by_token.len() < PENDING_MAX {
                break;
            }
            state.order.pop_front();
            state.by_token.remove(&oldest);
        }
        state.order.push_back(token.hash());
        state
            .by_token
            .insert(token.hash(), (now + self.lives, value));
    }

    /// Takes one out, if it is there and has not expired: it can't be used again.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`].
    pub fn take(&self, token: &[u8]) -> Result<T, Error> {
        let token = Token::from_slice(token).ok_or(Error::CeremonyExpired)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.by_token.remove(&token.hash()) {
            Some((expires, value)) if expires > Instant::now() => Ok(value),
            _ => Err(Error::CeremonyExpired),
        }
    }
}

impl<T: Clone> Pending<T> {
    /// Looks at one, and leaves it: its next step may be tried again.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`].
    pub fn get(&self, token: &[u8]) -> Result<T, Error> {
        let token = Token::from_slice(token).ok_or(Error::CeremonyExpired)?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.by_token.get(&token.hash()) {
            Some((expires, value)) if *expires > Instant::now() => Ok(value.clone()),
            _ => Err(Error::CeremonyExpired),
        }
    }
}

/// Answers that may have been lost on their way: the same request gets the same answer again, for a while.
pub struct Repeats<T>(Pending<([u8; 32], T)>);

impl<T: Clone> Repeats<T> {
    /// None yet; each will live so long.
    pub fn new(lives: Duration) -> Self {
        Self(Pending::new(lives))
    }

    /// The answer that this request got with this token.
    pub fn answer(&self, token: &[u8], request: &impl Serialize) -> Option<T> {
        let (digest, answer) = self.0.get(token).ok()?;
        (digest == digest_of(request)?).then_some(answer)
    }

    /// Notes an answer.
    pub fn note(&self, token: &[u8], request: Option<[u8; 32]>, answer: T) {
        if let (Some(token), Some(digest)) = (Token::from_slice(token), request) {
            self.0.put(&token, (digest, answer));
        }
    }
}

/// Of a request, to know it again.
pub fn digest_of(request: &impl Serialize) -> Option<[u8; 32]> {
    let bytes = sotto_protocol::codec::to_cbor(request).ok()?;
    Some(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceremony_is_taken_once_and_expires() {
        let pending = Pending::new(Duration::from_secs(60));
        let token = pending.insert(7).unwrap().to_bytes();
        assert_eq!(pending.get(&token).unwrap(), 7);
        assert_eq!(pending.take(&token).unwrap(), 7);
        assert!(matches!(pending.take(&token), Err(Error::CeremonyExpired)));
        assert!(matches!(pending.take(b"x"), Err(Error::CeremonyExpired)));

        let expired = Pending::new(Duration::ZERO);
        let token = expired.insert(7).unwrap().to_bytes();
        assert!(matches!(expired.take(&token), Err(Error::CeremonyExpired)));
    }

    #[test]
    fn a_flood_pushes_out_the_oldest_and_takes_no_more_memory() {
        let pending = Pending::new(Duration::from_secs(60));
        let first = pending.insert(0).unwrap().to_bytes();
        for n in 1..=PENDING_MAX {
            pending.insert(n).unwrap();
        }
        assert!(pending.get(&first).is_err());
        let state = pending.state.lock().unwrap();
        assert_eq!(state.by_token.len(), PENDING_MAX);
        assert_eq!(state.order.len(), PENDING_MAX);
    }
}
