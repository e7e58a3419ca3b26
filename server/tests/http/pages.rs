//! What browsers and operators get: headers, the web client, documents, health.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::Value;

use crate::support::*;

#[tokio::test]
async fn every_answer_carries_the_strict_policy() {
    let relay = Relay::start().await;
    for path in [
        "/",
        "/docs",
        "/docs/docs.css",
        "/openapi.json",
        "/health",
        "/v1/server",
        "/v1/nothing",
    ] {
        let answer = relay.call(Method::GET, path, None, None).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "require-trusted-types-for 'script'",
            "trusted-types svelte-trusted-html app-url",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline"));
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(!answer.headers.contains_key("strict-transport-security"));
        assert!(answer.headers.contains_key(header::CACHE_CONTROL));
    }
    let relay = Relay::with(|config| config.behind_tls = true).await;
    let answer = relay.call(Method::GET, "/health", None, None).await;
    assert!(answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn unknown_paths_are_the_web_client_and_unknown_files_are_not() {
    let relay = Relay::start().await;
    let root = relay.call(Method::GET, "/", None, None).await;
    let deep = relay
        .call(Method::GET, "/conversations/alice", None, None)
        .await;
    assert_eq!(root.body, deep.body);
    assert_eq!(
        root.headers[header::CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    assert!(
        root.status == 200 || root.status == 503,
        "built, or told how to build"
    );
    for path in [
        "/assets/none.js",
        "/none.wasm",
        "/../server/Cargo.toml",
        "/..%2fsecret.txt",
    ] {
        let answer = relay.call(Method::GET, path, None, None).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_page_whose_path_has_a_dot_is_a_page_and_a_known_file_is_not_sent_again() {
    let relay = Relay::start().await;
    let ask = async |path: &str, name: header::HeaderName, value: &str| {
        let request = Request::get(path)
            .header(name, value)
            .body(Body::empty())
            .unwrap();
        relay.send(request).await
    };
    let page = ask("/conversations/alice.b", header::ACCEPT, "text/html,*/*").await;
    assert_ne!(page.status, 404);
    if let Some(tag) = page.headers.get(header::ETAG) {
        let again = ask("/", header::IF_NONE_MATCH, tag.to_str().unwrap()).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
}

#[tokio::test]
async fn the_documents_describe_every_path_and_the_page_shows_them() {
    let relay = Relay::start().await;
    let openapi = relay.json("/openapi.json").await;
    let paths = openapi["paths"].as_object().unwrap();
    for path in [
        "/v1/server",
        "/v1/register/start",
        "/v1/login/finish",
        "/v1/recovery/open",
        "/v1/devices",
        "/v1/device-list",
        "/v1/session",
        "/v1/password/finish",
        "/v1/vault",
        "/v1/users",
        "/v1/accounts/{account}/prekeys/claim",
        "/v1/account/held",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    for reference in references(&openapi) {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(openapi.pointer(pointer).is_some(), "{reference}");
    }
    let asyncapi = relay.json("/asyncapi.json").await;
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
    let page = relay.call(Method::GET, "/docs", None, None).await;
    let page = String::from_utf8(page.body).unwrap();
    for path in paths.keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "no third party"
    );
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == "$ref" => vec![text.clone()],
                other => references(other),
            })
            .collect(),
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn health_and_readiness() {
    let relay = Relay::start().await;
    assert_eq!(
        relay.call(Method::GET, "/health", None, None).await.status,
        200
    );
    assert_eq!(
        relay.call(Method::GET, "/ready", None, None).await.status,
        200
    );
    let metrics = relay.call(Method::GET, "/metrics", None, None).await;
    assert!(
        !String::from_utf8_lossy(&metrics.body).contains("sotto_http"),
        "metrics are not for everybody"
    );
}

#[tokio::test]
async fn what_is_public_is_compressed_and_what_is_secret_is_not() {
    let relay = Relay::start().await;
    for (path, compressed) in [("/openapi.json", true), ("/v1/server", false)] {
        let request = Request::get(path)
            .header(header::ACCEPT_ENCODING, "br, gzip")
            .body(Body::empty())
            .unwrap();
        let answer = relay.send(request).await;
        assert_eq!(
            answer.headers.contains_key(header::CONTENT_ENCODING),
            compressed,
            "{path}"
        );
    }
}
