//! `GET /v1/prekeys`

use axum::extract::State;
use sotto_protocol::{Problem, http::PrekeyCount};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// What is left of the device's one-time prekeys.
#[utoipa::path(
    get,
    path = "/v1/prekeys",
    tag = "prekeys",
    security(("session" = [])),
    responses(
        (status = 200, description = "What is left.", body = PrekeyCount),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn prekeys_get(
    State(app): State<App>,
    Device(who): Device,
) -> Result<Json<PrekeyCount>, Error> {
    app.prekeys.count(who.device).await.map(Json)
}
