//! Password authentication with OPAQUE (RFC 9807), both halves, bytes in and out.
