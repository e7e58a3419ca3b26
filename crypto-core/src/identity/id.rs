//! The ids of accounts and devices: 16 random bytes each (`docs/PROTOCOL.md`, section 2.1).

use core::fmt;

use rand_core::CryptoRng;

macro_rules! id {
    ($(#[$doc:meta])* $id:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id([u8; Self::LEN]);

        impl $id {
            /// Length of an id in bytes.
            pub const LEN: usize = 16;

            /// Draws a fresh id.
            #[must_use]
            pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
                let mut bytes = [0; Self::LEN];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Takes 16 bytes as an id. Every value is one.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
                Self(bytes)
            }

            /// The id's 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
                &self.0
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($id), "("))?;
                for byte in self.0 {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str(")")
            }
        }
    };
}

id! {
    /// Names an account for as long as it exists, whatever becomes of its keys.
    AccountId
}

id! {
    /// Names one device of an account. A browser that loses its keys becomes a device with another id.
    DeviceId
}
