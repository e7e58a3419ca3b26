//! What operators see: request counts and times by route, and `/metrics` on a listener of its own. No addresses, names or ids.

use std::{sync::OnceLock, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
    routing::get,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Counts and times a request by its route.
pub(super) async fn watch(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let method = known(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let took = started.elapsed();
    let status = response.status().as_u16().to_string();
    tracing::debug!(%route, %method, %status, ms = took.as_secs_f64() * 1000.0, "request");
    metrics::counter!("sotto_http_requests_total", "route" => route.clone(), "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("sotto_http_seconds", "route" => route).record(took);
    response
}

/// Methods are any words that a client likes: each would be a time series that stays for ever.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// `/metrics`, for the admin listener.
///
/// # Errors
/// If another recorder is installed in this process.
pub fn metrics_router() -> Result<Router, String> {
    let handle = recorder()?;
    Ok(Router::new().route(
        "/metrics",
        get(move || {
            let text = handle.render();
            async move { ([("content-type", "text/plain; version=0.0.4")], text) }
        }),
    ))
}

/// One recorder for the process, however many relays run in it.
fn recorder() -> Result<PrometheusHandle, String> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            PrometheusBuilder::new()
                .install_recorder()
                .map_err(|error| error.to_string())
        })
        .clone()
}
