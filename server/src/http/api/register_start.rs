//! `POST /v1/register/start`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{RegisterStart, RegisterStarted},
};

use crate::domain::Error;
use crate::http::{App, address::ClientAddress, body::Json};

/// Starts a registration: checks the name, answers the OPAQUE request.
#[utoipa::path(
    post,
    path = "/v1/register/start",
    tag = "registration",
    request_body = RegisterStart,
    responses(
        (status = 200, description = "The name is free now.", body = RegisterStarted),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn register_start(
    State(app): State<App>,
    client: ClientAddress,
    Json(start): Json<RegisterStart>,
) -> Result<Json<RegisterStarted>, Error> {
    app.accounts.register_start(client.0, start).await.map(Json)
}
