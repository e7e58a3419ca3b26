//! `POST /v1/recovery/start`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{RecoveryStart, RecoveryStarted},
};

use crate::domain::Error;
use crate::http::{App, address::ClientAddress, body::Json};

/// Starts recovery: a challenge for the recovery key, and the OPAQUE answer for the new password.
#[utoipa::path(
    post,
    path = "/v1/recovery/start",
    tag = "recovery",
    request_body = RecoveryStart,
    responses(
        (status = 200, description = "A challenge, also for an unknown name.", body = RecoveryStarted),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn recovery_start(
    State(app): State<App>,
    client: ClientAddress,
    Json(start): Json<RecoveryStart>,
) -> Result<Json<RecoveryStarted>, Error> {
    app.accounts.recovery_start(client.0, start).await.map(Json)
}
