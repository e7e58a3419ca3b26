//! Opening the socket, reading its frames, keeping its token fresh (PROTOCOL.md sections 8 and 9.3).

use sotto_protocol::{
    ProblemCode,
    http::Session,
    socket::{ClientFrame, ServerFrame},
};

use super::Engine;
use crate::{
    account::ceremony::{Ceremony, Stage},
    api::{event::Event, problem::Problem},
    connection::{DISPLACED_MS, Phase},
    home::Home,
    host::{Effect, EffectId},
    requests::{Answer, Failure, Token, parse},
    storage,
    turn::Turn,
};

impl Engine {
    pub(super) fn connect(&mut self, t: &mut Turn<'_>) {
        let Some(home) = &self.home else {
            return;
        };
        if t.requests.token(t.now).is_some() {
            t.connection.phase = Phase::Opening { since: t.now };
            t.effect(Effect::OpenSocket);
        } else {
            t.connection.phase = Phase::Token { since: t.now };
            t.requests.token_wanted = true;
        }
        home.tell_connection(t);
    }

    pub(super) fn hurry(&mut self, t: &mut Turn<'_>) {
        t.connection.hurry(t.now);
        if let Some(Ceremony {
            stage: Stage::Finish(finish),
            ..
        }) = &mut self.ceremony
        {
            finish.hurry();
        }
    }

    pub(super) fn disconnect(&mut self, t: &mut Turn<'_>, at_least: u64, close: bool) {
        let Some(home) = &mut self.home else {
            return;
        };
        if close && t.connection.has_socket() {
            t.effect(Effect::CloseSocket);
        }
        home.disconnected();
        t.connection.back_off(t.now, at_least, t.rng);
        home.tell_connection(t);
    }

    pub(super) fn socket_opened(&mut self, t: &mut Turn<'_>) {
        if !matches!(t.connection.phase, Phase::Opening { .. }) {
            return;
        }
        match t.requests.token(t.now).cloned() {
            Some(token) => {
                t.connection.phase = Phase::Greeting { since: t.now };
                t.frame(&ClientFrame::Hello { token: token.token });
            }
            None => self.disconnect(t, 0, true),
        }
    }

    pub(super) fn socket_frame(&mut self, t: &mut Turn<'_>, bytes: &[u8]) {
        let greeting = matches!(t.connection.phase, Phase::Greeting { .. });
        if !greeting && !t.connection.online() {
            return;
        }
        let Some(frame) = Home::parse(bytes) else {
            // What no relay says: nothing is lost by starting over, and nothing gained by going on.
            t.event(Event::Problem {
                problem: Problem::RelayMisbehaved,
            });
            return self.disconnect(t, 0, true);
        };
        t.connection.heard(t.now);
        match frame {
            ServerFrame::Problem(problem) => self.socket_problem(t, &problem),
            ServerFrame::Welcome { .. } if !greeting => {}
            frame if greeting && !matches!(frame, ServerFrame::Welcome { .. }) => {}
            frame => {
                if let Some(home) = &mut self.home {
                    home.frame(t, frame);
                }
            }
        }
    }

    pub(super) fn socket_problem(&mut self, t: &mut Turn<'_>, problem: &sotto_protocol::Problem) {
        use ProblemCode as C;
        match problem.code {
            C::DeviceRevoked | C::DeviceUnknown | C::AccountUnknown => self.removed(t, false),
            C::SessionExpired => {
                t.requests.drop_token();
                self.disconnect(t, 0, true);
            }
            C::Displaced => self.disconnect(t, DISPLACED_MS, true),
            C::Malformed | C::TooLarge | C::RateLimited if t.connection.online() => {
                // About one frame; what it carried is sent again on the next connection.
                self.disconnect(t, problem.retry_after_ms.unwrap_or(0), true);
            }
            _ => self.disconnect(t, problem.retry_after_ms.unwrap_or(0), true),
        }
    }

    pub(super) fn token_renewed(&mut self, t: &mut Turn<'_>, answer: Answer) {
        self.renewing = false;
        match parse::<Session>(answer) {
            Ok(session) => {
                let token = Token::from(session);
                t.put(storage::TOKEN.to_owned(), &token);
                let effects = t.requests.set_token(token, t.now);
                effects.into_iter().for_each(|effect| t.effect(effect));
                if matches!(t.connection.phase, Phase::Token { .. }) {
                    self.connect(t);
                }
            }
            Err(failure) => self.renewal_failed(t, &failure),
        }
    }

    pub(super) fn renewal_failed(&mut self, t: &mut Turn<'_>, failure: &Failure) {
        use ProblemCode as C;
        self.renewing = false;
        if matches!(
            failure.code(),
            Some(C::DeviceRevoked | C::DeviceUnknown | C::AccountUnknown)
        ) {
            return self.removed(t, false);
        }
        for ask in t.requests.fail_waiting() {
            self.answered(t, EffectId(0), ask, Err(failure.clone()));
        }
        if matches!(t.connection.phase, Phase::Token { .. }) {
            self.disconnect(t, failure.retry_after().unwrap_or(0), false);
        }
    }
}
