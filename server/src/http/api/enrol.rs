//! `POST /v1/devices`

use axum::extract::State;
use sotto_protocol::{
    Problem,
    http::{NewDevice, Session},
};

use crate::domain::Error;
use crate::http::{App, bearer::Bearer, body::Json};

/// Adds a device to the account after signing in.
#[utoipa::path(
    post,
    path = "/v1/devices",
    tag = "devices",
    request_body = NewDevice,
    security(("enrolment" = [])),
    responses(
        (status = 200, description = "The device's session.", body = Session),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn enrol(
    State(app): State<App>,
    Bearer(token): Bearer,
    Json(device): Json<NewDevice>,
) -> Result<Json<Session>, Error> {
    app.accounts.enrol(&token, device).await.map(Json)
}
