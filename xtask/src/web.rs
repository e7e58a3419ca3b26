//! The web client: its packages, its build, its checks.

use std::fs;

use crate::{
    process::{self, Failure, npm},
    stage::{Outcome, Report, Stage},
    stamp, workspace,
};

/// Installs the packages of the lock file.
pub const INSTALL: Stage = Stage {
    name: "npm",
    work: install,
};

/// Builds `web/dist`, which the server embeds.
pub const BUILD: Stage = Stage {
    name: "web-build",
    work: build,
};

/// Format and lint rules.
pub const LINT: Stage = Stage {
    name: "web-lint",
    work: lint,
};

/// TypeScript's and Svelte's checks.
pub const TYPES: Stage = Stage {
    name: "web-types",
    work: types,
};

/// Unit tests.
pub const TEST: Stage = Stage {
    name: "vitest",
    work: test,
};

fn install() -> Outcome {
    let lock = workspace::web().join("package-lock.json");
    let wanted = fs::read(&lock).map_err(|error| Failure::io("read", &lock, &error))?;
    // Inside node_modules: gone with it.
    let stamp = workspace::web().join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Report::Fresh);
    }
    process::output(npm(["ci", "--no-audit", "--no-fund"]))?;
    stamp::write_if_changed(&stamp, &wanted)?;
    Ok(Report::done())
}

fn build() -> Outcome {
    let web = workspace::web();
    let inputs = [
        "index.html",
        "package-lock.json",
        "package.json",
        "vite.config.ts",
        "svelte.config.js",
        "tsconfig.base.json",
        "tsconfig.json",
        "project.inlang/settings.json",
        "messages",
        "public",
    ]
    .map(|name| web.join(name));
    let mut inputs = inputs.to_vec();
    // The compiled catalogue is written by the build itself.
    let source = web.join("src");
    let failed = |error: std::io::Error| Failure::io("read", &source, &error);
    for entry in fs::read_dir(&source).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.file_name().is_some_and(|name| name != "paraglide") {
            inputs.push(path);
        }
    }
    inputs.sort();
    let fingerprint = stamp::fingerprint(&inputs);
    if web.join("dist/index.html").is_file() && stamp::is_fresh("vite", fingerprint) {
        return Ok(Report::Fresh);
    }
    process::output(npm(["run", "--silent", "build"]))?;
    stamp::set("vite", fingerprint)?;
    Ok(Report::done())
}

fn lint() -> Outcome {
    process::output(npm(["run", "--silent", "lint"]))?;
    Ok(Report::done())
}

fn types() -> Outcome {
    process::output(npm(["run", "--silent", "check"]))?;
    Ok(Report::done())
}

fn test() -> Outcome {
    let output = process::output(npm(["run", "--silent", "test"]))?;
    let counted = output
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("Tests "))
        .map(|line| line.trim_start_matches("Tests").trim().to_owned());
    Ok(Report::Done(
        counted.unwrap_or_else(|| "no tests".to_owned()),
    ))
}
