//! `POST /v1/password/finish`

use axum::{extract::State, http::StatusCode};
use sotto_protocol::{Problem, http::PasswordFinish};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// Sets the new password, and the vault that it opens.
#[utoipa::path(
    post,
    path = "/v1/password/finish",
    tag = "account",
    request_body = PasswordFinish,
    security(("session" = [])),
    responses(
        (status = 204, description = "The old password no longer works."),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn password_finish(
    State(app): State<App>,
    Device(who): Device,
    Json(finish): Json<PasswordFinish>,
) -> Result<StatusCode, Error> {
    app.accounts.password_finish(who, finish).await?;
    Ok(StatusCode::NO_CONTENT)
}
