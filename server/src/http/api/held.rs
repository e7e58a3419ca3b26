//! `GET /v1/account/held`

use axum::extract::State;
use sotto_protocol::{Problem, http::Held};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// Everything that the relay holds about the asking account.
#[utoipa::path(
    get,
    path = "/v1/account/held",
    tag = "account",
    security(("session" = [])),
    responses(
        (status = 200, description = "All of it.", body = Held),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn held(
    State(app): State<App>,
    Device(who): Device,
) -> Result<Json<Held>, Error> {
    app.accounts.held(who).await.map(Json)
}
