//! A password ceremony that is under way: registration, sign-in or recovery, one at a time (PROTOCOL.md sections 3 and 9.1).
//!
//! ```text
//! Register ──┐
//! SignIn  ───┼──▶ Finish (durable) ──▶ signed in
//! Recover ───┘
//! ```

use crate::{
    account::{finish::Finish, recovery::Recover, register::Register, sign_in::SignIn},
    api::problem::Problem,
    host::{CallId, EffectId, OpaqueOutput},
    requests::{Answer, Failure},
    turn::Turn,
};

/// What came for a ceremony.
pub(crate) enum Got {
    Opaque(Option<OpaqueOutput>),
    Answer(Answer),
}

impl Got {
    /// The password module's output; `else_` where the ceremony failed.
    pub(crate) fn opaque(self, else_: Problem) -> Result<OpaqueOutput, Problem> {
        match self {
            Self::Opaque(output) => output.ok_or(else_),
            Self::Answer(_) => Err(Problem::Internal),
        }
    }

    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Answer(answer) => answer,
            Self::Opaque(_) => Err(Failure::Nonsense),
        }
    }
}

pub(crate) enum Stage {
    Register(Register),
    SignIn(SignIn),
    Recover(Box<Recover>),
    Finish(Box<Finish>),
}

/// The next stage, and the effect whose answer it waits for.
pub(crate) type Next = (Stage, EffectId);

pub(crate) struct Ceremony {
    /// The command, until it has been answered.
    pub(crate) call: Option<CallId>,
    /// Pairs the steps of the password module.
    pub(crate) number: u64,
    pub(crate) waits: EffectId,
    pub(crate) stage: Stage,
}

/// Passwords of 1 to 1,024 bytes; how good they are is judged where they are typed.
pub(crate) fn usable(password: &str) -> Result<(), Problem> {
    if password.is_empty() || password.len() > 1_024 {
        return Err(Problem::PasswordUnusable);
    }
    Ok(())
}

impl Ceremony {
    /// Goes on before anything of it is durable.
    pub(crate) fn early(
        stage: Stage,
        number: u64,
        t: &mut Turn<'_>,
        got: Got,
    ) -> Result<Next, Problem> {
        match stage {
            Stage::Register(register) => register.step(t, number, got),
            Stage::SignIn(sign_in) => sign_in.step(t, number, got),
            Stage::Recover(recover) => (*recover).step(t, number, got),
            Stage::Finish(_) => Err(Problem::Internal),
        }
    }
}
