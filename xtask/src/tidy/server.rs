//! The server's inner edges, and what of the cryptographic core it may name.

use super::{Complaint, SourceFile, rust_paths};

/// For each part of the server, the parts that it may name: `http, ws → domain ← store, bus, blobs`.
///
/// The traits of `store`, `bus` and `blobs` are the domain's own terms for what it needs, so that it names them; their
/// backends are named in `main` and `app` alone.
const EDGES: [(&str, &[&str]); 6] = [
    ("domain", &["domain", "store", "bus", "blobs"]),
    ("store", &["domain", "store"]),
    ("bus", &["domain", "bus"]),
    ("blobs", &["domain", "blobs"]),
    ("http", &["domain", "http", "store", "bus", "blobs"]),
    ("ws", &["domain", "ws", "store", "bus", "blobs"]),
];

/// Modules below `store`, `bus` and `blobs` that are backends.
const BACKENDS: [&str; 8] = [
    "sqlite",
    "memory",
    "postgres",
    "in_process",
    "local",
    "nats",
    "folder",
    "s3",
];

/// Of `crypto-core`, the server may name only what checks signatures and public structures.
const SECRET_MODULES: [&str; 6] = [
    "session",
    "ratchet",
    "vault",
    "padding",
    "safety_number",
    "handshake",
];

/// Secrets that the server may make after all: a signing key, for decoys of which it keeps the public half alone.
const DECOYS: [&str; 1] = ["SigningSecret"];

/// A part of the server names only the parts that it may.
pub fn inner_edges(source: &SourceFile) -> Vec<Complaint> {
    let Some(rest) = source.path.strip_prefix("server/src/") else {
        return Vec::new();
    };
    let mut folders = rest.split('/');
    let part = folders.next().unwrap_or_default().trim_end_matches(".rs");
    let inner = folders.next().unwrap_or_default().trim_end_matches(".rs");
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == part) else {
        return Vec::new();
    };
    let mut complaints = Vec::new();
    if source.is_test() {
        return complaints;
    }
    for path in rust_paths::below("crate", &source.code()) {
        let mut words = path.split("::");
        let named = words.next().unwrap_or_default();
        let named_inner = words.next().unwrap_or_default();
        let is_part = EDGES.iter().any(|(name, _)| *name == named) || named == "app";
        if is_part && !allowed.contains(&named) {
            complaints.push(format!("{}: {part} may not name {named}", source.path));
        }
        let own_backend = part == named && inner == named_inner;
        if BACKENDS.contains(&named_inner)
            && ["store", "bus", "blobs"].contains(&named)
            && !own_backend
        {
            complaints.push(format!(
                "{}: only main and app name a backend, not {named}::{named_inner}",
                source.path
            ));
        }
    }
    complaints
}

/// The server can't name a ratchet.
pub fn crypto_core(source: &SourceFile) -> Vec<Complaint> {
    if !source.is_under("server/src") || source.is_test() {
        return Vec::new();
    }
    rust_paths::below("sotto_crypto_core", &source.code())
        .into_iter()
        .filter(|path| {
            path.split("::").any(|word| {
                SECRET_MODULES.contains(&word)
                    || (word.ends_with("Secret") && !DECOYS.contains(&word))
            })
        })
        .map(|path| {
            format!(
                "{}: the server may not name sotto_crypto_core::{path}",
                source.path
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::samples::file;
    use super::*;

    fn inner(path: &str, code: &str) -> usize {
        inner_edges(&file(path, code)).len()
    }

    #[test]
    fn the_domain_knows_neither_http_nor_backends() {
        assert_eq!(inner("server/src/domain/people.rs", "use crate::http;"), 1);
        assert_eq!(
            inner(
                "server/src/domain/people.rs",
                "use crate::{domain::Error, store::sqlite::Sqlite};"
            ),
            1
        );
        assert_eq!(
            inner("server/src/domain/people.rs", "use crate::store::People;"),
            0
        );
        assert_eq!(inner("server/src/domain.rs", "use crate::ws;"), 1);
    }

    #[test]
    fn a_store_knows_no_front() {
        assert_eq!(
            inner("server/src/store/sqlite/mod.rs", "use crate::ws::Frame;"),
            1
        );
        assert_eq!(
            inner(
                "server/src/store/sqlite/mod.rs",
                "use crate::store::sqlite::writer; use crate::domain::Clock;"
            ),
            0
        );
        assert_eq!(
            inner(
                "server/src/store/memory/mod.rs",
                "use crate::store::sqlite::writer;"
            ),
            1
        );
    }

    #[test]
    fn only_app_and_main_name_a_backend() {
        assert_eq!(
            inner(
                "server/src/http/mod.rs",
                "use crate::store::memory::Memory;"
            ),
            1
        );
        assert_eq!(
            inner("server/src/app.rs", "use crate::store::memory::Memory;"),
            0
        );
        assert_eq!(
            inner("server/src/http/mod.rs", "use crate::{app::App, ws};"),
            2
        );
    }

    #[test]
    fn the_server_can_t_name_a_ratchet() {
        let named = |code: &str| crypto_core(&file("server/src/domain/keys.rs", code)).len();
        assert_eq!(named("use sotto_crypto_core::ratchet::Triple;"), 1);
        assert_eq!(
            named("use sotto_crypto_core::{identity::DeviceSecret, session::Session};"),
            2
        );
        assert_eq!(
            named("use sotto_crypto_core::{identity::AccountKey, prekey};"),
            0
        );
    }
}
