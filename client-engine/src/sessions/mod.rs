//! Sessions with other devices, and the prekeys by which they begin.

pub(crate) mod claims;
pub(crate) mod prekeys;
pub(crate) mod store;
