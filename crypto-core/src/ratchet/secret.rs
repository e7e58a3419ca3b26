//! How the ratchets' keys are declared: 32 secret bytes each, zeroised on drop, unprintable, and never taken for one another.

/// Declares types of 32 secret bytes.
macro_rules! secret_key {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(::zeroize::Zeroize, ::zeroize::ZeroizeOnDrop)]
        pub struct $name([u8; 32]);
        $crate::primitives::redacted_debug!($name);

        impl $name {
            /// Takes 32 secret bytes as this key.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The key's 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
    )+};
}
pub(crate) use secret_key;
