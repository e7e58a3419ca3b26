//! Other people: their keys and devices, conversations with them, and how far their keys are known.

pub(crate) mod contacts;
pub(crate) mod conversation;
pub(crate) mod directory;
pub(crate) mod lists;
pub(crate) mod verification;
