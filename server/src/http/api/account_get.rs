//! `GET /v1/accounts/{account}`

use axum::extract::State;
use sotto_protocol::{AccountId, Problem, http::AccountInfo};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json, params::Path};

/// What is public about an account.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}",
    tag = "people",
    params(("account" = AccountId, Path, description = "The account")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The account.", body = AccountInfo),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn account_get(
    State(app): State<App>,
    Device(who): Device,
    Path(account): Path<AccountId>,
) -> Result<Json<AccountInfo>, Error> {
    app.accounts.info(who, account).await.map(Json)
}
