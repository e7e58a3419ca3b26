//! The web client's files: embedded in release builds, read from `web/dist` in debug builds.
//!
//! Files under `assets/` carry a hash in their names and are kept for ever; everything else is asked for again. Unknown paths are
//! the client's own routes and get its page.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::domain::Error;

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Files;

const MISSING: &str = include_str!("web_missing.html");

/// Whether the web client is there.
pub fn present() -> bool {
    Files::get("index.html").is_some()
}

/// Everything that is no route of the API.
pub(super) async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/v1" || path.starts_with("/v1/") {
        return Error::NotFound.into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Error::MethodNotAllowed.into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(response) = file(name) {
        return response;
    }
    // A missing asset must not become a page: a browser would try to run it.
    let asset = name.starts_with("assets/")
        || name
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.'));
    if asset {
        return Error::NotFound.into_response();
    }
    file("index.html").unwrap_or_else(missing)
}

fn file(name: &str) -> Option<Response> {
    let file = Files::get(if name.is_empty() { "index.html" } else { name })?;
    let cache = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = Body::from(file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(if name.is_empty() {
            "index.html"
        } else {
            name
        })),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    Some(response)
}

fn missing() -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, MISSING).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        Some("mp3") => "audio/mpeg",
        Some("ogg") => "audio/ogg",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
