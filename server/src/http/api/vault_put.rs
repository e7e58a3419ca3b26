//! `PUT /v1/vault`

use axum::{extract::State, http::StatusCode};
use sotto_protocol::{Problem, http::Vault};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// Replaces the vault by its successor.
#[utoipa::path(
    put,
    path = "/v1/vault",
    tag = "account",
    request_body = Vault,
    security(("session" = [])),
    responses(
        (status = 204, description = "It is stored."),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn vault_put(
    State(app): State<App>,
    Device(who): Device,
    Json(vault): Json<Vault>,
) -> Result<StatusCode, Error> {
    app.accounts.put_vault(who, vault).await?;
    Ok(StatusCode::NO_CONTENT)
}
