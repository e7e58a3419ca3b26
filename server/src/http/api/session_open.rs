//! `POST /v1/session`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{Session, SessionRequest},
};

use crate::domain::Error;
use crate::http::{App, body::Json};

/// Opens a session for a device that has signed its challenge.
#[utoipa::path(
    post,
    path = "/v1/session",
    tag = "devices",
    request_body = SessionRequest,
    responses(
        (status = 200, description = "A new session.", body = Session),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn session_open(
    State(app): State<App>,
    Json(request): Json<SessionRequest>,
) -> Result<Json<Session>, Error> {
    app.accounts.renew(request).await.map(Json)
}
