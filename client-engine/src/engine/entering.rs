//! Registration, sign-in and recovery as far as the engine steers them: one at a time, answered once (PROTOCOL.md section 9.1).

use zeroize::Zeroizing;

use super::Engine;
use crate::{
    account::{
        ceremony::{Ceremony, Got, Next, Stage},
        finish::{Finish, Outcome, PendingRow},
        recovery::Recover,
        register::Register,
        sign_in::SignIn,
    },
    api::{command::Command, problem::Problem},
    host::{CallId, EffectId, Row},
    sessions::prekeys::Prekeys,
    storage,
    turn::Turn,
};

impl Engine {
    pub(super) fn start_ceremony(
        &mut self,
        call: CallId,
        number: u64,
        next: Result<Next, Problem>,
        t: &mut Turn<'_>,
    ) {
        match next {
            Ok((stage, waits)) => {
                if let Some(call) = self.ceremony.take().and_then(|earlier| earlier.call) {
                    t.reply::<()>(call, Err(Problem::SignedOut));
                }
                self.ceremony = Some(Ceremony {
                    call: Some(call),
                    number,
                    waits,
                    stage,
                });
            }
            Err(problem) => t.reply::<()>(call, Err(problem)),
        }
    }

    pub(super) fn ceremony_got(&mut self, t: &mut Turn<'_>, id: EffectId, got: Got) {
        let Some(ceremony) = self.ceremony.take_if(|ceremony| ceremony.waits == id) else {
            return;
        };
        let Ceremony {
            call,
            number,
            stage,
            ..
        } = ceremony;
        let next = match stage {
            Stage::Finish(finish) => {
                let outcome = finish.step(t, got);
                return self.finish_got(t, call, number, outcome);
            }
            early => Ceremony::early(early, number, t, got),
        };
        match next {
            Ok((stage, waits)) => {
                self.ceremony = Some(Ceremony {
                    call,
                    number,
                    waits,
                    stage,
                });
            }
            Err(problem) => {
                if let Some(call) = call {
                    t.reply::<()>(call, Err(problem));
                }
            }
        }
    }

    pub(super) fn finish_got(
        &mut self,
        t: &mut Turn<'_>,
        call: Option<CallId>,
        number: u64,
        outcome: Outcome,
    ) {
        let mut keep = |call, waits, finish| {
            self.ceremony = Some(Ceremony {
                call,
                number,
                waits,
                stage: Stage::Finish(finish),
            });
        };
        match outcome {
            Outcome::Waits(finish, waits) => keep(call, waits, finish),
            Outcome::Later(finish, problem) => {
                // It may have succeeded, so it is neither given up nor shown as done.
                keep(None, EffectId(0), finish);
                if let Some(call) = call {
                    t.reply::<()>(call, Err(problem));
                }
            }
            Outcome::Done { home, token, words } => {
                let effects = t.requests.set_token(token, t.now);
                effects.into_iter().for_each(|effect| t.effect(effect));
                self.home = Some(home);
                self.reason = None;
                self.tell_account(t);
                match (call, words) {
                    (Some(call), Some(words)) => t.reply(call, Ok(words.as_str())),
                    (Some(call), None) => t.reply(call, Ok(())),
                    (None, _) => {}
                }
                self.connect(t);
            }
            Outcome::Failed(problem) => {
                t.clear();
                match call {
                    Some(call) => t.reply::<()>(call, Err(problem)),
                    None => {
                        self.reason = None;
                        self.tell_account(t);
                    }
                }
            }
        }
    }

    pub(super) fn resume_ceremony(&mut self, t: &mut Turn<'_>, rows: &[Row], pending: &Row) {
        let mut prekeys = Prekeys::default();
        let whole = rows
            .iter()
            .filter(|row| row.key == storage::PREKEYS || row.key.starts_with(storage::PREKEY))
            .try_for_each(|row| prekeys.restore(&row.key, &row.value));
        let pending = storage::get::<PendingRow>(&pending.value);
        let (Ok(()), Ok(pending)) = (whole, pending) else {
            return t.clear();
        };
        let (stage, waits) = Finish::resume(t, pending, prekeys);
        let number = self.number();
        self.ceremony = Some(Ceremony {
            call: None,
            number,
            waits,
            stage,
        });
    }

    pub(super) fn enter(&mut self, t: &mut Turn<'_>, call: CallId, command: Command) {
        let number = self.number();
        let next = match command {
            Command::Register {
                username,
                password,
                invitation,
            } => Register::begin(t, number, &username, Zeroizing::new(password), invitation),
            Command::SignIn { username, password } => {
                SignIn::begin(t, number, &username, Zeroizing::new(password))
            }
            Command::Recover {
                username,
                words,
                password,
            } => {
                let words = Zeroizing::new(words);
                Recover::begin(t, number, &username, &words, Zeroizing::new(password))
            }
            _ => Err(Problem::SignedOut),
        };
        self.start_ceremony(call, number, next, t);
    }
}
