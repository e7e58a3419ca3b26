//! `POST /v1/session/challenge`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{Challenge, ChallengeRequest},
};

use crate::domain::Error;
use crate::http::{App, address::ClientAddress, body::Json};

/// Gives a device something to sign.
#[utoipa::path(
    post,
    path = "/v1/session/challenge",
    tag = "devices",
    request_body = ChallengeRequest,
    responses(
        (status = 200, description = "The challenge.", body = Challenge),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn session_challenge(
    State(app): State<App>,
    client: ClientAddress,
    Json(request): Json<ChallengeRequest>,
) -> Result<Json<Challenge>, Error> {
    app.accounts.challenge(client.0, request).await.map(Json)
}
