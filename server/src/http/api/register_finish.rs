//! `POST /v1/register/finish`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{RegisterFinish, Session},
};

use crate::domain::Error;
use crate::http::{App, address::ClientAddress, body::Json};

/// Finishes a registration: the account exists, its first device is signed in. May be repeated with the same ceremony.
#[utoipa::path(
    post,
    path = "/v1/register/finish",
    tag = "registration",
    request_body = RegisterFinish,
    responses(
        (status = 200, description = "The first device's session.", body = Session),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn register_finish(
    State(app): State<App>,
    client: ClientAddress,
    Json(finish): Json<RegisterFinish>,
) -> Result<Json<Session>, Error> {
    app.accounts
        .register_finish(client.0, finish)
        .await
        .map(Json)
}
