//! What the engine asks of its host: a browser's worker, a command-line program, the simulator.
//!
//! The contract, on which nothing-lost rests:
//! 1. For each [`Output`], the host applies all [`Write`]s in one atomic, durable transaction, *then* performs the [`Effect`]s in order.
//! 2. If the transaction fails, none of the effects may be performed, and the engine, whose memory is now ahead of the store, is
//!    dropped and restored from the store.
//! 3. Inputs are given one at a time. An effect whose answer never comes (crash, reload) needs nothing: the restored engine asks again.
//! 4. At start the host reads every row whose key starts with [`STATE_PREFIX`] and gives them to `Engine::restore`.
//! 5. Values are sealed by the host if its medium can be read by others. Keys hold random ids only.

use zeroize::Zeroizing;

use crate::api::{command::Command, event::Event, problem::Problem};

/// Rows that the engine keeps in memory.
pub const STATE_PREFIX: &str = "state/";
/// Rows that are read by window.
pub const HISTORY_PREFIX: &str = "history/";

/// Pairs a command with its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Pairs an effect with its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EffectId(pub u64);

/// What happens to the engine. Debug shows its kind alone.
pub enum Input {
    /// A user interface asks.
    Command {
        /// To answer.
        call: CallId,
        /// What.
        command: Command,
    },
    /// Answers [`Effect::Http`].
    Http {
        /// The request.
        id: EffectId,
        /// `None`: the relay could not be reached.
        response: Option<HttpResponse>,
    },
    /// Answers [`Effect::OpenSocket`].
    SocketOpened,
    /// A binary frame.
    SocketFrame(Vec<u8>),
    /// The socket closed, or could not be opened.
    SocketClosed,
    /// Answers [`Effect::Read`].
    Rows {
        /// The read.
        id: EffectId,
        /// In the order asked for.
        rows: Vec<Row>,
    },
    /// Answers [`Effect::Opaque`].
    Opaque {
        /// The ceremony.
        id: EffectId,
        /// `None`: the ceremony failed (for `LoginFinish`: the password is wrong).
        output: Option<OpaqueOutput>,
    },
    /// The time that [`Output::wake_at`] named has come.
    Wake,
    /// The system says that the network is back.
    NetworkUp,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command { command, .. } => return write!(f, "Command({command:?})"),
            Self::Http { .. } => "Http",
            Self::SocketOpened => "SocketOpened",
            Self::SocketFrame(_) => "SocketFrame",
            Self::SocketClosed => "SocketClosed",
            Self::Rows { .. } => "Rows",
            Self::Opaque { .. } => "Opaque",
            Self::Wake => "Wake",
            Self::NetworkUp => "NetworkUp",
        })
    }
}

/// What the engine wants done, in this order: all writes at once, then the effects.
#[derive(Debug, Default)]
pub struct Output {
    /// One atomic transaction.
    pub writes: Vec<Write>,
    /// After the transaction, in order.
    pub effects: Vec<Effect>,
    /// Call [`Input::Wake`] then; replaces what an earlier output said. Milliseconds since the Unix epoch.
    pub wake_at: Option<u64>,
}

/// A change of the store.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Inserts or replaces.
    Put {
        /// The key.
        key: String,
        /// The value, to be sealed by the host.
        value: Zeroizing<Vec<u8>>,
    },
    /// Removes, if it is there.
    Delete {
        /// The key.
        key: String,
    },
    /// Removes every row: the person signed out.
    Clear,
}

impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Put { key, value } => write!(f, "Put({key}, {} bytes)", value.len()),
            Self::Delete { key } => write!(f, "Delete({key})"),
            Self::Clear => f.write_str("Clear"),
        }
    }
}

/// A row of the store.
pub struct Row {
    /// The key.
    pub key: String,
    /// The value, unsealed.
    pub value: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({}, {} bytes)", self.key, self.value.len())
    }
}

/// Something that the host does. Debug shows its kind alone.
pub enum Effect {
    /// A request to the relay.
    Http(HttpRequest),
    /// Open the socket (subprotocol `sotto.v1.cbor`).
    OpenSocket,
    /// Send a binary frame; if the socket has closed meanwhile, drop it.
    SendFrame(Vec<u8>),
    /// Close the socket.
    CloseSocket,
    /// Read rows with `start <= key < end`.
    Read {
        /// To answer.
        id: EffectId,
        /// First key.
        start: String,
        /// Behind the last key.
        end: String,
        /// At most so many.
        limit: u32,
        /// From the end.
        descending: bool,
    },
    /// A step of a password ceremony, performed by the `opaque` crate's client half.
    Opaque {
        /// To answer.
        id: EffectId,
        /// Which.
        step: OpaqueStep,
    },
    /// Answers a command.
    Reply {
        /// The command.
        call: CallId,
        /// Its reply as JSON (see `api::command`), or why not.
        result: Result<serde_json::Value, Problem>,
    },
    /// Tells every user interface.
    Event(Event),
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Http(request) => return request.fmt(f),
            Self::OpenSocket => "OpenSocket",
            Self::SendFrame(_) => "SendFrame",
            Self::CloseSocket => "CloseSocket",
            Self::Read { .. } => "Read",
            Self::Opaque { step, .. } => return write!(f, "Opaque({step:?})"),
            Self::Reply { .. } => "Reply",
            Self::Event(_) => "Event",
        })
    }
}

/// A request to the relay.
pub struct HttpRequest {
    /// To answer.
    pub id: EffectId,
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path and query, from `/v1/`.
    pub path: String,
    /// `Authorization: Bearer`, base64url.
    pub bearer: Option<Zeroizing<String>>,
    /// JSON.
    pub body: Option<String>,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token, the body, and in a search the path are nobody's business.
        write!(f, "Http({}, {})", self.id.0, self.method)
    }
}

/// What the relay answered.
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "HttpResponse({}, {} bytes)",
            self.status,
            self.body.len()
        )
    }
}

/// A step of a password ceremony (RFC 9807). The host keeps the state between start and finish under the same ceremony number.
pub enum OpaqueStep {
    /// First message of a registration (also for a new password).
    RegistrationStart {
        /// The ceremony.
        ceremony: u64,
        /// The password.
        password: Zeroizing<String>,
    },
    /// Second message of a registration.
    RegistrationFinish {
        /// The ceremony.
        ceremony: u64,
        /// The case-folded user name.
        username: String,
        /// RegistrationResponse.
        response: Vec<u8>,
    },
    /// First message of a login.
    LoginStart {
        /// The ceremony.
        ceremony: u64,
        /// The password.
        password: Zeroizing<String>,
    },
    /// Third message of a login.
    LoginFinish {
        /// The ceremony.
        ceremony: u64,
        /// The case-folded user name.
        username: String,
        /// KE2.
        response: Vec<u8>,
    },
}

impl std::fmt::Debug for OpaqueStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RegistrationStart { .. } => "RegistrationStart",
            Self::RegistrationFinish { .. } => "RegistrationFinish",
            Self::LoginStart { .. } => "LoginStart",
            Self::LoginFinish { .. } => "LoginFinish",
        })
    }
}

/// What a step yields.
pub struct OpaqueOutput {
    /// To the relay.
    pub message: Vec<u8>,
    /// 64 bytes, from the finishing steps.
    pub export_key: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for OpaqueOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpaqueOutput({} bytes)", self.message.len())
    }
}
