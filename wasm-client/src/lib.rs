//! The client engine for browsers.
