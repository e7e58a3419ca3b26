//! Documents to read: OpenAPI of the HTTP API, AsyncAPI of the socket, both generated from the types, and one page that shows them
//! under the strict policy (no script at all).

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

mod asyncapi;
mod page;

pub use asyncapi::asyncapi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sotto relay",
        description = "The HTTP API of a Sotto relay. Binary values are base64url without padding. Errors are `application/problem+json`."
    ),
    modifiers(&Tokens)
)]
pub(super) struct Description;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some(description))
                    .build(),
            )
        };
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("session", bearer("A device session's token"));
        components.add_security_scheme(
            "enrolment",
            bearer("The token from `login/finish` or `recovery/open`"),
        );
    }
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    super::router::api().split_for_parts().1
}

static OPENAPI: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(openapi()).unwrap_or_default());
static ASYNCAPI: LazyLock<Value> = LazyLock::new(asyncapi);
static PAGE: LazyLock<String> = LazyLock::new(|| page::render(&OPENAPI, &ASYNCAPI));

pub(super) async fn openapi_json() -> Response {
    Json(&*OPENAPI).into_response()
}

pub(super) async fn asyncapi_json() -> Response {
    Json(&*ASYNCAPI).into_response()
}

pub(super) async fn page() -> Response {
    typed(PAGE.as_str(), "text/html; charset=utf-8")
}

pub(super) async fn style() -> Response {
    typed(include_str!("docs.css"), "text/css; charset=utf-8")
}

fn typed(text: &'static str, media_type: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
