//! `GET /v1/accounts/{account}/device-lists`

use axum::extract::State;
use sotto_protocol::{AccountId, Problem, http::DeviceLists};

use crate::domain::Error;
use crate::http::{
    App,
    bearer::Asking,
    body::Json,
    params::{Path, Query},
};

/// The query.
#[derive(serde::Deserialize, utoipa::IntoParams)]
pub(in crate::http) struct After {
    /// The newest version that the asker has; 0 for all.
    #[serde(default)]
    after: u64,
}

/// An account's signed device lists after a version, oldest first; of the own account also while a device is being enrolled.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/device-lists",
    tag = "people",
    params(("account" = AccountId, Path, description = "The account"), After),
    security(("session" = [])),
    responses(
        (status = 200, description = "The lists.", body = DeviceLists),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn device_lists_get(
    State(app): State<App>,
    asking: Asking,
    Path(account): Path<AccountId>,
    Query(query): Query<After>,
) -> Result<Json<DeviceLists>, Error> {
    if !asking.enrolled && asking.account != account {
        return Err(Error::SessionExpired);
    }
    app.accounts
        .device_lists(asking.account, account, query.after)
        .await
        .map(Json)
}
