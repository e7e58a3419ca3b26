//! `GET /v1/vault`

use axum::extract::State;
use sotto_protocol::{Problem, http::Vault};

use crate::domain::Error;
use crate::http::{App, bearer::Asking, body::Json};

/// The newest vault, also while a device is being enrolled.
#[utoipa::path(
    get,
    path = "/v1/vault",
    tag = "account",
    security(("session" = [])),
    responses(
        (status = 200, description = "The vault.", body = Vault),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn vault_get(
    State(app): State<App>,
    asking: Asking,
) -> Result<Json<Vault>, Error> {
    app.accounts.vault(asking.account).await.map(Json)
}
