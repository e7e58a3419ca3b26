//! `POST /v1/login/finish`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{Enrolment, LoginFinish},
};

use crate::domain::Error;
use crate::http::{App, body::Json};

/// Finishes signing in: gives what a new device needs to be enrolled.
#[utoipa::path(
    post,
    path = "/v1/login/finish",
    tag = "signing in",
    request_body = LoginFinish,
    responses(
        (status = 200, description = "The vault and an enrolment token.", body = Enrolment),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn login_finish(
    State(app): State<App>,
    Json(finish): Json<LoginFinish>,
) -> Result<Json<Enrolment>, Error> {
    app.accounts.login_finish(finish).await.map(Json)
}
