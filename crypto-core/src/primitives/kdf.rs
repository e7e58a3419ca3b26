//! HKDF-SHA-256 (RFC 5869) and HMAC-SHA-256 (RFC 2104).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::labels::{KdfLabel, PREFIX};

/// The most that one HKDF can yield: 255 blocks of 32 bytes.
pub const MAX_OUTPUT: usize = 255 * 32;

/// More than [`MAX_OUTPUT`] bytes were asked of HKDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HKDF-SHA-256 yields at most 8160 bytes")]
pub struct OutputTooLong;

/// HKDF-SHA-256, extract and expand, into the whole of `out`. An empty salt means 32 zero bytes (RFC 5869, section 2.2).
///
/// This is the bare function with a bare `info`. Keys of the protocol come from [`derive`], which sets their purposes apart.
///
/// # Errors
/// [`OutputTooLong`] if `out` is longer than [`MAX_OUTPUT`].
pub fn hkdf(salt: &[u8], ikm: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), OutputTooLong> {
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand(info, out)
        .map_err(|_| OutputTooLong)
}

/// HKDF-SHA-256 with `info = "Sotto v1 " || label || 0x00 || context`, `N` bytes out.
#[must_use]
pub fn derive<const N: usize>(
    label: KdfLabel,
    salt: &[u8],
    ikm: &[u8],
    context: &[u8],
) -> Zeroizing<[u8; N]> {
    const { assert!(N <= MAX_OUTPUT, "HKDF-SHA-256 yields at most 8160 bytes") };
    let mut out = Zeroizing::new([0; N]);
    #[expect(
        clippy::expect_used,
        reason = "the length is checked when this is compiled"
    )]
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand_multi_info(
            &[PREFIX, label.as_str().as_bytes(), &[0], context],
            out.as_mut(),
        )
        .expect("N fits");
    out
}

/// HMAC-SHA-256 of `data` under `key`: 32 bytes. The key may have any length.
#[must_use]
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let [mac] = hmac_sha256_each(key, [data]);
    mac
}

/// HMAC-SHA-256 of each of `data` under the same `key`, whose schedule is made once.
#[must_use]
pub fn hmac_sha256_each<const N: usize>(key: &[u8], data: [&[u8]; N]) -> [[u8; 32]; N] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let keyed = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    data.map(|data| {
        let mut mac = keyed.clone();
        mac.update(data);
        mac.finalize().into_bytes().into()
    })
}
