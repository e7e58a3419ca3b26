//! `DELETE /v1/session`

use axum::{extract::State, http::StatusCode};
use sotto_protocol::Problem;

use crate::domain::Error;
use crate::http::{App, bearer::Bearer};

/// Ends the session whose token is shown. The device stays enrolled.
#[utoipa::path(
    delete,
    path = "/v1/session",
    tag = "devices",
    security(("session" = [])),
    responses(
        (status = 204, description = "The token is worth nothing now."),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn session_end(
    State(app): State<App>,
    Bearer(token): Bearer,
) -> Result<StatusCode, Error> {
    app.sessions.end(&token).await?;
    Ok(StatusCode::NO_CONTENT)
}
