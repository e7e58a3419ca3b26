//! What a user interface asks of the engine and is told by it. Serialised with serde; TypeScript definitions are generated (feature `ts`).
//!
//! Ids are base64url strings of 22 characters here, times are milliseconds since the Unix epoch.

#![allow(
    missing_docs,
    reason = "variants are documented; the names of their fields say the rest"
)]

pub mod command;
pub mod document;
pub mod event;
pub mod problem;
pub mod view;

#[cfg(feature = "ts")]
mod typescript;

#[cfg(feature = "ts")]
pub use typescript::typescript;

/// Derives what every type at this boundary needs.
macro_rules! boundary {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident { $($body:tt)* })*) => {
        $(
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
            #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
            $(#[$meta])*
            pub $kind $name { $($body)* }
        )*
    };
}
pub(crate) use boundary;
