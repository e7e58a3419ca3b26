//! Which crate may know which, and which crates know nothing of the system they run on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Complaint, SourceFile, rust_paths};
use crate::process::{self, Failure, cargo};

/// A crate of the workspace with the crates of the workspace that it is built on (not those of its tests).
pub type Packages = BTreeMap<String, Vec<String>>;

/// The edges of the architecture, and no others.
const EDGES: [(&str, &[&str]); 11] = [
    ("sotto-crypto-core", &[]),
    ("sotto-protocol", &[]),
    ("sotto-opaque", &[]),
    (
        "sotto-client-engine",
        &["sotto-crypto-core", "sotto-protocol"],
    ),
    ("sotto-wasm-client", &["sotto-client-engine"]),
    ("sotto-wasm-opaque", &["sotto-opaque"]),
    (
        "sotto-server",
        &["sotto-crypto-core", "sotto-opaque", "sotto-protocol"],
    ),
    // Tools, which nothing is built on.
    (
        "sotto-load",
        &[
            "sotto-crypto-core",
            "sotto-opaque",
            "sotto-protocol",
            "sotto-server",
        ],
    ),
    ("sotto-api-types", &["sotto-client-engine"]),
    ("sotto-fuzz", &["sotto-crypto-core", "sotto-protocol"]),
    ("xtask", &[]),
];

/// Crates that never fetch time, randomness, network or storage.
const PURE: [&str; 3] = ["crypto-core", "protocol", "client-engine"];

/// What only a crate with a system under it can name.
const IMPURE_STD: [&str; 6] = ["fs", "net", "process", "thread", "env", "time::"];
const IMPURE_CRATES: [&str; 5] = ["getrandom", "tokio", "rand", "web_sys", "js_sys"];

/// Asks cargo.
pub fn of_workspace() -> Result<Packages, Failure> {
    let output = process::output(cargo([
        "metadata",
        "--quiet",
        "--no-deps",
        "--format-version",
        "1",
    ]))?;
    let start = output.find('{').unwrap_or_default();
    let metadata: Value = serde_json::from_str(output.get(start..).unwrap_or_default())
        .map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    Ok(read(&metadata))
}

fn read(metadata: &Value) -> Packages {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let packages = list(metadata, "packages");
    let ours: Vec<String> = packages.iter().map(name).collect();
    packages
        .iter()
        .map(|package| {
            let edges = list(package, "dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
                .map(name)
                .filter(|dependency| ours.contains(dependency))
                .collect();
            (name(package), edges)
        })
        .collect()
}

/// Every edge between our crates is one of the architecture's.
pub fn edges(packages: &Packages) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (package, dependencies) in packages {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| name == package) else {
            complaints.push(format!(
                "{package}: a crate that the architecture doesn't know; give it its edges in xtask/src/tidy/crates.rs"
            ));
            continue;
        };
        for dependency in dependencies {
            if !allowed.contains(&dependency.as_str()) {
                complaints.push(format!("{package} may not depend on {dependency}"));
            }
        }
    }
    complaints
}

/// Time and randomness come in; the network and storage are asked for.
pub fn purity(source: &SourceFile) -> Vec<Complaint> {
    let pure = PURE
        .iter()
        .any(|folder| source.is_under(&format!("{folder}/src")));
    if !pure || !source.is_rust() || source.is_test() {
        return Vec::new();
    }
    let code = source.code();
    let complain = |what: String| format!("{}: a pure crate names {what}", source.path);
    let mut complaints = Vec::new();
    for path in rust_paths::below("std", &code) {
        let impure = IMPURE_STD.iter().any(|module| {
            path == module.trim_end_matches("::") || path.starts_with(&format!("{module}::"))
        });
        // Durations are values; clocks are not.
        let clock = path == "time::SystemTime" || path == "time::Instant";
        if impure || clock {
            complaints.push(complain(format!("std::{path}")));
        }
    }
    for krate in IMPURE_CRATES {
        if let Some(path) = rust_paths::below(krate, &code).first() {
            complaints.push(complain(format!("{krate}::{path}")));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::source::samples::file;
    use super::*;

    fn packages(edges: &[(&str, &[&str])]) -> Packages {
        edges
            .iter()
            .map(|(name, on)| {
                (
                    (*name).to_owned(),
                    on.iter().map(|on| (*on).to_owned()).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn the_server_may_not_know_the_engine() {
        let found = edges(&packages(&[("sotto-server", &["sotto-client-engine"])]));
        assert_eq!(
            found,
            ["sotto-server may not depend on sotto-client-engine"]
        );
    }

    #[test]
    fn the_core_may_know_nobody() {
        assert_eq!(
            edges(&packages(&[("sotto-crypto-core", &["sotto-protocol"])])).len(),
            1
        );
    }

    #[test]
    fn a_new_crate_needs_a_line() {
        assert!(edges(&packages(&[("sotto-extra", &[])]))[0].contains("doesn't know"));
    }

    #[test]
    fn the_edges_of_the_architecture_pass() {
        assert_eq!(edges(&packages(&EDGES)), [""; 0]);
    }

    #[test]
    fn only_edges_between_our_crates_outside_tests_count() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "sotto-protocol", "dependencies": [
                { "name": "serde", "kind": null },
                { "name": "sotto-opaque", "kind": "dev" },
                { "name": "sotto-crypto-core", "kind": null },
            ] },
            { "name": "sotto-opaque", "dependencies": [] },
            { "name": "sotto-crypto-core", "dependencies": [] },
        ] });
        assert_eq!(read(&metadata)["sotto-protocol"], ["sotto-crypto-core"]);
    }

    #[test]
    fn a_pure_crate_has_no_clock_network_or_generator() {
        for (code, wrong) in [
            ("use std::time::SystemTime;", 1),
            (
                "use std::{collections::HashMap, time::{Duration, Instant}};",
                1,
            ),
            ("std::fs::read(path)", 1),
            ("use std::net;", 1),
            ("getrandom::fill(&mut seed)", 1),
            ("use std::time::Duration;", 0),
            ("use rand_core::CryptoRng;", 0),
            ("// std::fs::read(path)", 0),
            ("#[cfg(test)]\nmod tests { use std::fs; }", 0),
        ] {
            let found = purity(&file("client-engine/src/outbox.rs", code));
            assert_eq!(found.len(), wrong, "{code}: {found:?}");
        }
        assert!(purity(&file("server/src/main.rs", "use std::fs;")).is_empty());
    }
}
