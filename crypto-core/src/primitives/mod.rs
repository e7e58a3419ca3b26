//! The primitives that everything rests on, each behind one wrapper of ours (`docs/PROTOCOL.md`, section 1).
//!
//! No other module of this crate, and no other crate, calls the libraries underneath. So each check that a standard leaves to
//! the caller (a contributory result, a canonical key, a strict signature) is made in one place, and can't be forgotten.
//!
//! Secret types have no `PartialEq`, no `Clone` and a `Debug` that shows nothing. The only secret-dependent comparison of the
//! protocol is that of AEAD tags, which the library makes in constant time.

pub mod aead;
pub mod dh;
pub mod hash;
pub mod kdf;
pub mod kem;
pub mod labels;
pub mod signature;

/// Implements `Debug` for secrets such that it shows the type's name and nothing else.
macro_rules! redacted_debug {
    ($($secret:ident),+ $(,)?) => {$(
        impl ::core::fmt::Debug for $secret {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(concat!(stringify!($secret), "(redacted)"))
            }
        }
    )+};
}
pub(crate) use redacted_debug;
