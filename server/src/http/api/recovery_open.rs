//! `POST /v1/recovery/open`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{Enrolment, RecoveryOpen},
};

use crate::domain::Error;
use crate::http::{App, body::Json};

/// Proves the recovery key; gives the vault.
#[utoipa::path(
    post,
    path = "/v1/recovery/open",
    tag = "recovery",
    request_body = RecoveryOpen,
    responses(
        (status = 200, description = "The vault and an enrolment token.", body = Enrolment),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn recovery_open(
    State(app): State<App>,
    Json(open): Json<RecoveryOpen>,
) -> Result<Json<Enrolment>, Error> {
    app.accounts.recovery_open(open).await.map(Json)
}
