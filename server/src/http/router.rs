//! Every path at a glance.
//!
//! ```text
//! GET  /v1/server                                what a client needs to know first
//! POST /v1/register/start|finish                 a name, a password, an identity, a first device
//! POST /v1/login/start|finish                    a password ⇒ the vault and an enrolment token
//! POST /v1/recovery/start|open|finish            a recovery key ⇒ a new password, a new device
//! POST /v1/devices                               enrols a device
//! PUT  /v1/device-list                           removes devices
//! POST /v1/session/challenge, POST|DELETE /v1/session
//! POST /v1/password/start|finish                 a new password
//! GET|PUT /v1/vault
//! GET  /v1/account/held                          what the relay holds about the asker
//! GET  /v1/users?prefix=
//! GET  /v1/accounts/{account}
//! GET  /v1/accounts/{account}/device-lists?after=
//! POST /v1/accounts/{account}/prekeys/claim
//! GET|PUT /v1/prekeys
//! GET  /v1/socket                                the WebSocket (crate::ws)
//! GET  /health, /ready
//! GET  /docs, /docs/docs.css, /openapi.json, /asyncapi.json
//! GET  anything else                             the web client
//! ```

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use sotto_protocol::limits::BODY_MAX;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, address::ClientAddress, api, docs, headers, health, problem, watch, web};
use crate::domain::{
    Error,
    limits::{Action, Who},
};

/// A request, its body's arrival included, takes this long at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// The API with its description.
pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(docs::Description::openapi())
        .routes(routes!(api::server_info::server_info))
        .routes(routes!(api::register_start::register_start))
        .routes(routes!(api::register_finish::register_finish))
        .routes(routes!(api::login_start::login_start))
        .routes(routes!(api::login_finish::login_finish))
        .routes(routes!(api::recovery_start::recovery_start))
        .routes(routes!(api::recovery_open::recovery_open))
        .routes(routes!(api::recovery_finish::recovery_finish))
        .routes(routes!(api::enrol::enrol))
        .routes(routes!(api::device_list_put::device_list_put))
        .routes(routes!(api::session_challenge::session_challenge))
        .routes(routes!(
            api::session_open::session_open,
            api::session_end::session_end
        ))
        .routes(routes!(api::password_start::password_start))
        .routes(routes!(api::password_finish::password_finish))
        .routes(routes!(
            api::vault_get::vault_get,
            api::vault_put::vault_put
        ))
        .routes(routes!(api::held::held))
        .routes(routes!(api::users_search::users_search))
        .routes(routes!(api::account_get::account_get))
        .routes(routes!(api::device_lists_get::device_lists_get))
        .routes(routes!(api::prekeys_claim::prekeys_claim))
        .routes(routes!(
            api::prekeys_get::prekeys_get,
            api::prekeys_put::prekeys_put
        ))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
}

/// Everything that one address serves. `socket` is the WebSocket's router.
pub fn router(app: App, socket: Router) -> Router {
    let (api, _) = api().split_for_parts();
    // Only what is public is compressed: the length of a compressed secret tells about it.
    let files = Router::new()
        .route("/docs", get(docs::page))
        .route("/docs/docs.css", get(docs::style))
        .route("/openapi.json", get(docs::openapi_json))
        .route("/asyncapi.json", get(docs::asyncapi_json))
        .fallback(web::serve)
        .layer(CompressionLayer::new());
    let socket = socket.layer(middleware::from_fn_with_state(app.clone(), admit));
    api.with_state(app.clone())
        .merge(socket)
        .merge(files)
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn(in_time))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn(watch::watch))
        .layer(middleware::from_fn_with_state(app, headers::secure))
}

/// Limits how often one address opens sockets.
async fn admit(
    State(app): State<App>,
    client: ClientAddress,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    app.limits
        .check(Action::Connect, Who::address(client.0), 1)?;
    Ok(next.run(request).await)
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(PATIENCE, next.run(request))
        .await
        .unwrap_or_else(|_| Error::Timeout.into_response())
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_problem() {
        async fn fails() -> &'static str {
            panic!("a bug with a secret in it")
        }
        let router = Router::<()>::new()
            .route("/", get(fails))
            .layer(CatchPanicLayer::custom(problem::panicked));
        let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body = axum::body::to_bytes(response.into_body(), 1000)
            .await
            .unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}
