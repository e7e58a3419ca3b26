//! Padding: plaintexts are brought to few lengths, so that a ciphertext's length says little (`docs/PROTOCOL.md`, section 1.4).
//!
//! ```text
//! padded = content || 0x80 || 0x00 …        up to the bucket of content's length + 1
//! bucket(n) = 160 if n <= 160, else n rounded up to a multiple of 2^(e − s), e = floor(log2 n), s = floor(log2 e) + 1
//! ```
//!
//! Above 160 bytes these are the lengths of Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
//! Communication with PURBs", 2019): a length of n bits leaks O(log log n) bits, for at most 12 % more bytes. Most messages
//! of a conversation, and every receipt, are below 160.

use alloc::vec::Vec;

use zeroize::Zeroizing;

/// The shortest length that anything is padded to.
pub const MIN_PADDED_LEN: usize = 160;

const MARK: u8 = 0x80;

/// Pads `content`. The result is longer by at least one byte.
#[must_use]
pub fn pad(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = padded_len(content.len());
    // All the room at once: a buffer that grew would leave a copy of the content behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(content);
    padded.push(MARK);
    padded.resize(length, 0);
    padded
}

/// Takes the padding off again. Done after the AEAD has verified, so its timing tells nobody anything.
///
/// # Errors
/// [`PaddingError`] if these aren't the bytes that [`pad`] makes of any content.
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let end = padded
        .iter()
        .rposition(|byte| *byte != 0)
        .ok_or(PaddingError)?;
    let (content, rest) = padded.split_at_checked(end).ok_or(PaddingError)?;
    if rest.first() == Some(&MARK) && padded_len(content.len()) == padded.len() {
        Ok(content)
    } else {
        Err(PaddingError)
    }
}

/// The length of `content` bytes once they are padded.
#[must_use]
pub const fn padded_len(content: usize) -> usize {
    let marked = content.saturating_add(1);
    if marked <= MIN_PADDED_LEN {
        return MIN_PADDED_LEN;
    }
    let exponent = marked.ilog2();
    let coarse_bits = exponent - (exponent.ilog2() + 1);
    let mask = (1 << coarse_bits) - 1;
    marked.saturating_add(mask) & !mask
}

/// The bytes aren't padded as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid padding")]
pub struct PaddingError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_the_documented_ones() {
        let lengths = [
            (0, 160),
            (1, 160),
            (159, 160),
            (160, 176),
            (175, 176),
            (176, 192),
            (255, 256),
            (256, 272),
            (511, 512),
            (512, 544),
            (1023, 1024),
            (1024, 1088),
            (65_535, 65_536),
            (65_536, 67_584),
            (1_000_000, 1_015_808),
        ];
        for (content, padded) in lengths {
            assert_eq!(padded_len(content), padded, "{content} bytes");
            assert_eq!(pad(&alloc::vec![7; content]).len(), padded);
        }
    }

    #[test]
    fn padding_comes_off_again_and_costs_little() {
        for length in 0..5_000 {
            // Content that itself looks like padding must survive.
            for byte in [0x00, 0x80, 0x41] {
                let content = alloc::vec![byte; length];
                let padded = pad(&content);
                assert_eq!(unpad(&padded), Ok(content.as_slice()));
            }
            if length >= 160 {
                assert!(
                    padded_len(length) * 100 <= (length + 1) * 112,
                    "{length} bytes"
                );
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = pad(b"hello");
        let mut longer = good.to_vec();
        longer.push(0);
        let mut unmarked = good.to_vec();
        unmarked[5] = 0x81;
        let mut later = good.to_vec();
        later[100] = 1;
        for bad in [
            &[] as &[u8],
            &[0; 160],
            &[0x80],
            &good[..159],
            &longer,
            &unmarked,
            &later,
        ] {
            assert_eq!(unpad(bad), Err(PaddingError));
        }
    }
}
