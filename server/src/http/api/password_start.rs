//! `POST /v1/password/start`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{PasswordStart, RegisterStarted},
};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// Starts setting a new password.
#[utoipa::path(
    post,
    path = "/v1/password/start",
    tag = "account",
    request_body = PasswordStart,
    security(("session" = [])),
    responses(
        (status = 200, description = "The OPAQUE answer.", body = RegisterStarted),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn password_start(
    State(app): State<App>,
    Device(who): Device,
    Json(start): Json<PasswordStart>,
) -> Result<Json<RegisterStarted>, Error> {
    app.accounts.password_start(who, start).await.map(Json)
}
