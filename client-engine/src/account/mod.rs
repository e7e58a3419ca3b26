//! The own account: making it, getting into it, its devices, and its vault.

pub(crate) mod ceremony;
pub(crate) mod devices;
pub(crate) mod enrolment;
pub(crate) mod finish;
pub(crate) mod me;
pub(crate) mod recovery;
pub(crate) mod register;
pub(crate) mod sign_in;
pub(crate) mod upkeep;
pub(crate) mod vault;
