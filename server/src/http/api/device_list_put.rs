//! `PUT /v1/device-list`

use axum::{extract::State, http::StatusCode};
use sotto_protocol::{Problem, http::DeviceListUpdate};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json};

/// Removes devices of the own account by a new signed list; how a device signs out.
#[utoipa::path(
    put,
    path = "/v1/device-list",
    tag = "devices",
    request_body = DeviceListUpdate,
    security(("session" = [])),
    responses(
        (status = 204, description = "Those devices are gone."),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn device_list_put(
    State(app): State<App>,
    Device(who): Device,
    Json(update): Json<DeviceListUpdate>,
) -> Result<StatusCode, Error> {
    app.accounts.remove_devices(who, update).await?;
    Ok(StatusCode::NO_CONTENT)
}
