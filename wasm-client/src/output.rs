//! What the engine wants done, as JavaScript objects (`client_engine::host::Output`).
//!
//! Replies and events cross as the JSON that the `api` module defines, whose TypeScript definitions are generated there.

use serde::Serialize;
use serde_bytes::ByteBuf;
use sotto_client_engine::host;
use tsify::Tsify;

/// All writes in one transaction, then the effects in order.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    writes: Vec<Write>,
    effects: Vec<Effect>,
    /// Milliseconds since the Unix epoch.
    wake_at: Option<u64>,
}

/// A change of the store.
#[derive(Serialize, Tsify)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Write {
    /// Inserts or replaces.
    Put {
        /// The key.
        key: String,
        /// To be sealed.
        #[tsify(type = "Uint8Array<ArrayBuffer>")]
        value: ByteBuf,
    },
    /// Removes.
    Delete {
        /// The key.
        key: String,
    },
    /// Removes every row.
    Clear,
}

/// Something that the worker does.
#[derive(Serialize, Tsify)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// A request to the relay.
    Http {
        /// Answer with `http`.
        id: u64,
        /// `GET`, `POST`, `PUT` or `DELETE`.
        method: &'static str,
        /// Path and query.
        path: String,
        /// Bearer token.
        bearer: Option<String>,
        /// JSON.
        body: Option<String>,
    },
    /// Answer with `socketOpened` or `socketClosed`.
    OpenSocket,
    /// A binary frame.
    SendFrame {
        /// The frame.
        #[tsify(type = "Uint8Array<ArrayBuffer>")]
        frame: ByteBuf,
    },
    /// No answer.
    CloseSocket,
    /// Rows with `start <= key < end`.
    Read {
        /// Answer with `rows`.
        id: u64,
        /// First key.
        start: String,
        /// Behind the last key.
        end: String,
        /// At most so many.
        limit: u32,
        /// From the end.
        descending: bool,
    },
    /// A step of a password ceremony.
    Opaque {
        /// Answer with `opaque`.
        id: u64,
        /// Keeps state between start and finish.
        ceremony: u64,
        /// What to do.
        step: OpaqueStep,
    },
    /// Answers a command.
    Reply {
        /// The command.
        call: u64,
        /// Whether `json` is the reply or the problem.
        ok: bool,
        /// JSON.
        json: String,
    },
    /// For every page.
    Event {
        /// JSON of an `Event`.
        json: String,
    },
}

/// See `client_engine::host::OpaqueStep`.
#[derive(Serialize, Tsify)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the engine's type says what they are")]
pub enum OpaqueStep {
    RegistrationStart {
        password: String,
    },
    RegistrationFinish {
        username: String,
        #[tsify(type = "Uint8Array<ArrayBuffer>")]
        response: ByteBuf,
    },
    LoginStart {
        password: String,
    },
    LoginFinish {
        username: String,
        #[tsify(type = "Uint8Array<ArrayBuffer>")]
        response: ByteBuf,
    },
}

impl From<host::Output> for Output {
    fn from(output: host::Output) -> Self {
        Self {
            writes: output.writes.into_iter().map(Write::from).collect(),
            effects: output.effects.into_iter().map(Effect::from).collect(),
            wake_at: output.wake_at,
        }
    }
}

impl From<host::Write> for Write {
    fn from(write: host::Write) -> Self {
        match write {
            host::Write::Put { key, value } => Self::Put {
                key,
                value: ByteBuf::from(value.to_vec()),
            },
            host::Write::Delete { key } => Self::Delete { key },
            host::Write::Clear => Self::Clear,
        }
    }
}

impl From<host::Effect> for Effect {
    fn from(effect: host::Effect) -> Self {
        match effect {
            host::Effect::Http(request) => Self::Http {
                id: request.id.0,
                method: request.method,
                path: request.path,
                bearer: request.bearer.map(|token| token.to_string()),
                body: request.body,
            },
            host::Effect::OpenSocket => Self::OpenSocket,
            host::Effect::SendFrame(frame) => Self::SendFrame {
                frame: ByteBuf::from(frame),
            },
            host::Effect::CloseSocket => Self::CloseSocket,
            host::Effect::Read {
                id,
                start,
                end,
                limit,
                descending,
            } => Self::Read {
                id: id.0,
                start,
                end,
                limit,
                descending,
            },
            host::Effect::Opaque { id, step } => {
                let (ceremony, step) = opaque(step);
                Self::Opaque {
                    id: id.0,
                    ceremony,
                    step,
                }
            }
            host::Effect::Reply { call, result } => match result {
                Ok(reply) => Self::Reply {
                    call: call.0,
                    ok: true,
                    json: reply.to_string(),
                },
                Err(problem) => Self::Reply {
                    call: call.0,
                    ok: false,
                    json: json(&problem),
                },
            },
            host::Effect::Event(event) => Self::Event { json: json(&event) },
        }
    }
}

fn opaque(step: host::OpaqueStep) -> (u64, OpaqueStep) {
    match step {
        host::OpaqueStep::RegistrationStart { ceremony, password } => (
            ceremony,
            OpaqueStep::RegistrationStart {
                password: password.to_string(),
            },
        ),
        host::OpaqueStep::RegistrationFinish {
            ceremony,
            username,
            response,
        } => (
            ceremony,
            OpaqueStep::RegistrationFinish {
                username,
                response: ByteBuf::from(response),
            },
        ),
        host::OpaqueStep::LoginStart { ceremony, password } => (
            ceremony,
            OpaqueStep::LoginStart {
                password: password.to_string(),
            },
        ),
        host::OpaqueStep::LoginFinish {
            ceremony,
            username,
            response,
        } => (
            ceremony,
            OpaqueStep::LoginFinish {
                username,
                response: ByteBuf::from(response),
            },
        ),
    }
}

/// The engine's own types always serialise; `null`, which no page takes for one of them, stands for the impossible.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
