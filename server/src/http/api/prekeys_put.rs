//! `PUT /v1/prekeys`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{PrekeyCount, PrekeyUpload},
};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// Adds the device's prekeys. Repeating an upload is harmless.
#[utoipa::path(
    put,
    path = "/v1/prekeys",
    tag = "prekeys",
    request_body = PrekeyUpload,
    security(("session" = [])),
    responses(
        (status = 200, description = "What there is now.", body = PrekeyCount),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn prekeys_put(
    State(app): State<App>,
    Device(who): Device,
    Json(upload): Json<PrekeyUpload>,
) -> Result<Json<PrekeyCount>, Error> {
    app.prekeys.upload(who, upload).await.map(Json)
}
