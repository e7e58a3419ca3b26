//! `GET /v1/server`

use axum::extract::State;
use sotto_protocol::{Problem, http::ServerInfo};

use crate::domain::Error;
use crate::http::{App, body::Json};

/// What a client needs to know before anything else.
#[utoipa::path(
    get,
    path = "/v1/server",
    tag = "relay",
    responses(
        (status = 200, description = "The relay.", body = ServerInfo),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn server_info(
    State(app): State<App>,
) -> Result<Json<ServerInfo>, Error> {
    let policy = app.accounts.policy();
    Ok(Json(ServerInfo {
        name: policy.name.clone(),
        registration: policy.registration,
        protocol: 1,
    }))
}
