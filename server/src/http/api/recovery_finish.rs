//! `POST /v1/recovery/finish`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{RecoveryFinish, Session},
};

use crate::domain::Error;
use crate::http::{App, bearer::Bearer, body::Json};

/// Sets the new password and enrols this device, together.
#[utoipa::path(
    post,
    path = "/v1/recovery/finish",
    tag = "recovery",
    request_body = RecoveryFinish,
    security(("enrolment" = [])),
    responses(
        (status = 200, description = "The device's session.", body = Session),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn recovery_finish(
    State(app): State<App>,
    Bearer(token): Bearer,
    Json(finish): Json<RecoveryFinish>,
) -> Result<Json<Session>, Error> {
    app.accounts.recovery_finish(&token, finish).await.map(Json)
}
