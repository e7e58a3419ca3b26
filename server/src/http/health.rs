//! `/health`: the process answers. `/ready`: the store can be written.

use axum::extract::State;

use super::App;
use crate::domain::Error;

/// Whether the process answers.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, description = "It does.", body = str)))]
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// Whether the relay can store.
#[utoipa::path(get, path = "/ready", tag = "operation", responses(
    (status = 200, description = "It can.", body = str),
    (status = 503, description = "`storage_unavailable`", body = sotto_protocol::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Error> {
    app.store.ready().await?;
    Ok("ready\n")
}
