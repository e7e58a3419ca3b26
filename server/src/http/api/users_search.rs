//! `GET /v1/users`

use axum::extract::State;
use sotto_protocol::{Problem, http::People};

use crate::domain::Error;
use crate::http::{App, bearer::Device, body::Json, params::Query};

/// The query.
#[derive(serde::Deserialize, utoipa::IntoParams)]
pub(in crate::http) struct Search {
    /// The beginning of a name, in any case.
    prefix: String,
}

/// People whose names begin so, at most 20.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "people",
    params(Search),
    security(("session" = [])),
    responses(
        (status = 200, description = "By name.", body = People),
        (status = "default", description = "A typed error.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn users_search(
    State(app): State<App>,
    Device(who): Device,
    Query(search): Query<Search>,
) -> Result<Json<People>, Error> {
    app.accounts.search(who, &search.prefix).await.map(Json)
}
