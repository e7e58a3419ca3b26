//! The root key (`RK`, Double Ratchet, section 2.3): the chain that every agreement is mixed into.
//!
//! ```text
//! RK, chain key, next header key = KDF_RK_HE(RK, DH(DHs, DHr))
//! ```

use super::parameters::{Parameters, RootStep};
use crate::primitives::dh::SharedSecret;
use crate::ratchet::secret::secret_key;

secret_key! {
    /// The root key (`RK`): 32 bytes.
    RootKey;
}

impl RootKey {
    /// Mixes one agreement in. The new root key is in the result; this one is left as it is, because the step may yet fail.
    pub(super) fn step<P: Parameters>(&self, shared: &SharedSecret) -> RootStep {
        P::kdf_root(&self.0, shared)
    }
}
