//! `POST /v1/login/start`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{LoginStart, LoginStarted},
};

use crate::domain::Error;
use crate::http::{App, address::ClientAddress, body::Json};

/// Starts signing in by password. An unknown name is answered like any other.
#[utoipa::path(
    post,
    path = "/v1/login/start",
    tag = "signing in",
    request_body = LoginStart,
    responses(
        (status = 200, description = "KE2, real or a decoy.", body = LoginStarted),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn login_start(
    State(app): State<App>,
    client: ClientAddress,
    Json(start): Json<LoginStart>,
) -> Result<Json<LoginStarted>, Error> {
    app.accounts.login_start(client.0, start).await.map(Json)
}
