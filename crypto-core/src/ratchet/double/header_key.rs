//! Header keys (Double Ratchet, section 4): `HKs`, `HKr`, and `NHKs`, `NHKr` for the chains to come.
//!
//! A header under a *next* header key tells its reader that the other side has ratcheted. So the four are four types.

use crate::ratchet::secret::secret_key;

secret_key! {
    /// Seals the headers of our current sending chain (`HKs`).
    OurHeaderKey;
    /// Will seal the headers of our next sending chain (`NHKs`).
    OurNextHeaderKey;
    /// Opens the headers of the other side's current chain, or of an earlier one (`HKr`).
    TheirHeaderKey;
    /// Opens the headers of the other side's next chain (`NHKr`).
    TheirNextHeaderKey;
}

impl OurNextHeaderKey {
    /// The next chain begins: `HKs = NHKs`.
    pub(super) const fn begin(&self) -> OurHeaderKey {
        OurHeaderKey::from_bytes(*self.as_bytes())
    }
}

impl TheirNextHeaderKey {
    /// The next chain begins: `HKr = NHKr`.
    pub(super) const fn begin(&self) -> TheirHeaderKey {
        TheirHeaderKey::from_bytes(*self.as_bytes())
    }
}
