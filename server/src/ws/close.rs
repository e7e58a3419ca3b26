//! Close codes (RFC 6455 section 7.4). Before it closes, the relay says why in a `problem` frame; the code is for those who can't read it.

use sotto_protocol::{Problem, ProblemCode};

/// The client said goodbye, or the relay has nothing more to say.
pub const NORMAL: u16 = 1000;
/// Text where binary is due, or the other way round.
pub const UNSUPPORTED: u16 = 1003;
/// A frame against the rules of the connection: no hello, silence, too much that is malformed.
pub const POLICY: u16 = 1008;
/// A frame over the limit.
pub const TOO_LARGE: u16 = 1009;
/// A bug in the relay.
pub const INTERNAL: u16 = 1011;
/// The relay is going down for a restart.
pub const RESTART: u16 = 1012;
/// The relay can't serve now, or the client is too slow.
pub const TRY_LATER: u16 = 1013;
/// The session is unknown or expired: renew it.
pub const SESSION_EXPIRED: u16 = 4001;
/// The device was removed from its account.
pub const DEVICE_REVOKED: u16 = 4003;
/// No frame for too long.
pub const IDLE: u16 = 4008;
/// Another connection of the device took over.
pub const DISPLACED: u16 = 4009;

/// The close code that goes with a problem.
pub fn code(problem: &Problem) -> u16 {
    match problem.code {
        ProblemCode::WrongFrameKind => UNSUPPORTED,
        ProblemCode::TooLarge => TOO_LARGE,
        ProblemCode::Draining => RESTART,
        ProblemCode::StorageUnavailable => TRY_LATER,
        ProblemCode::SessionExpired => SESSION_EXPIRED,
        ProblemCode::DeviceRevoked => DEVICE_REVOKED,
        ProblemCode::Timeout => IDLE,
        ProblemCode::Displaced => DISPLACED,
        ProblemCode::Internal => INTERNAL,
        _ => POLICY,
    }
}
