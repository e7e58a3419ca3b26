//! Sotto's cryptographic protocol: bytes, keys and randomness in, values out.
