//! End-to-end tests in headless Chromium, under the production policy.

use std::path::PathBuf;

use crate::{
    process::{self, Failure, cargo, npm, program},
    stage::{Outcome, Report, Stage},
    workspace,
};

/// Runs the end-to-end tests against a server with the built page.
pub const TEST: Stage = Stage {
    name: "e2e",
    work: test,
};

fn test() -> Outcome {
    if !has_tests() {
        return Ok(Report::Skipped("no tests in web/e2e".to_owned()));
    }
    let chromium = chromium()?;
    // The development build reads web/dist from the disk, so that it is not stale.
    process::output(cargo(["build", "--quiet", "-p", "sotto-server"]))?;
    let mut command = npm(["run", "--silent", "e2e"]);
    command.env("SOTTO_BINARY", workspace::server_binary("debug"));
    if let Some(path) = chromium {
        command.env("SOTTO_CHROMIUM", path);
    }
    let output = process::output(command)?;
    let counted = output
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| line.contains(" passed"))
        .unwrap_or("passed");
    Ok(Report::Done(counted.to_owned()))
}

fn has_tests() -> bool {
    std::fs::read_dir(workspace::web().join("e2e")).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.ends_with(".spec.ts") || name.ends_with(".test.ts")
        })
    })
}

/// A Chromium of the system, or `None` for Playwright's own; installs one where there is none.
fn chromium() -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = system_chromium() {
        return Ok(Some(path));
    }
    if playwright_has_one() {
        return Ok(None);
    }
    if install_by_apt()
        && let Some(path) = system_chromium()
    {
        return Ok(Some(path));
    }
    if process::answers(npm(["exec", "--", "playwright", "install", "chromium"])) {
        return Ok(None);
    }
    Err(Failure::new(
        "The end-to-end tests need Chromium. Install your system's package (Debian: apt-get install chromium), or set \
         SOTTO_CHROMIUM to its path.",
    ))
}

fn system_chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SOTTO_CHROMIUM") {
        return Some(path.into());
    }
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|path| path.exists())
}

fn playwright_has_one() -> bool {
    const ASK: &str = "import('@playwright/test').then(({ chromium }) => \
        import('node:fs').then(({ existsSync }) => process.exit(existsSync(chromium.executablePath()) ? 0 : 1)))";
    let mut command = program("node", ["--eval", ASK]);
    command.current_dir(workspace::web());
    process::answers(command)
}

/// As root on Debian and its kin. Says nothing when it fails: the caller has another way.
fn install_by_apt() -> bool {
    let is_root = process::finished(program("id", ["-u"]))
        .is_ok_and(|(success, id)| success && id.trim() == "0");
    let install = || {
        let mut command = program(
            "apt-get",
            ["install", "--yes", "--no-install-recommends", "chromium"],
        );
        command.env("DEBIAN_FRONTEND", "noninteractive");
        process::answers(command)
    };
    is_root && (install() || (process::answers(program("apt-get", ["update"])) && install()))
}
