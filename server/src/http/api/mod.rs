//! One file per verb; each reads a request, calls the domain, and answers.

pub(super) mod account_get;
pub(super) mod device_list_put;
pub(super) mod device_lists_get;
pub(super) mod enrol;
pub(super) mod held;
pub(super) mod login_finish;
pub(super) mod login_start;
pub(super) mod password_finish;
pub(super) mod password_start;
pub(super) mod prekeys_claim;
pub(super) mod prekeys_get;
pub(super) mod prekeys_put;
pub(super) mod recovery_finish;
pub(super) mod recovery_open;
pub(super) mod recovery_start;
pub(super) mod register_finish;
pub(super) mod register_start;
pub(super) mod server_info;
pub(super) mod session_challenge;
pub(super) mod session_end;
pub(super) mod session_open;
pub(super) mod users_search;
pub(super) mod vault_get;
pub(super) mod vault_put;
