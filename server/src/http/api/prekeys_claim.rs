//! `POST /v1/accounts/{account}/prekeys/claim`

use axum::extract::State;
use sotto_protocol::{
    AccountId, Problem,
    http::{PrekeyBundles, PrekeyClaim},
};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json, params::Path};

/// Takes a bundle for each of these devices; uses up one-time prekeys.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/prekeys/claim",
    tag = "prekeys",
    params(("account" = AccountId, Path, description = "The account")),
    request_body = PrekeyClaim,
    security(("session" = [])),
    responses(
        (status = 200, description = "The bundles.", body = PrekeyBundles),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn prekeys_claim(
    State(app): State<App>,
    Device(who): Device,
    Path(account): Path<AccountId>,
    Json(claim): Json<PrekeyClaim>,
) -> Result<Json<PrekeyBundles>, Error> {
    app.prekeys.claim(who, account, claim).await.map(Json)
}
