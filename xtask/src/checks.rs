//! `cargo xtask test`: every check, in the order in which failures come soonest.

use std::path::Path;

use crate::{
    browser, fuzz,
    process::{self, Failure, cargo},
    stage::{self, Outcome, Report, Stage},
    tidy, toolchain, types, wasm, web, workspace,
};

/// The rules of the architecture.
pub const TIDY: Stage = Stage {
    name: "tidy",
    work: tidy::check,
};

const FORMAT: Stage = Stage {
    name: "format",
    work: format,
};
const CLIPPY: Stage = Stage {
    name: "clippy",
    work: clippy,
};
const NATIVE: Stage = Stage {
    name: "native",
    work: native,
};
const DOCS: Stage = Stage {
    name: "doc-tests",
    work: doc_tests,
};
const DENY: Stage = Stage {
    name: "deny",
    work: deny,
};

const STAGES: [Stage; 17] = [
    toolchain::PREFLIGHT,
    FORMAT,
    TIDY,
    CLIPPY,
    NATIVE,
    DOCS,
    types::CHECK,
    wasm::TEST,
    wasm::BUILD,
    web::INSTALL,
    web::LINT,
    web::TYPES,
    web::TEST,
    web::BUILD,
    browser::TEST,
    fuzz::TEST,
    DENY,
];

/// What `--only` takes, once each.
pub fn stage_names() -> Vec<&'static str> {
    STAGES.iter().map(|stage| stage.name).collect()
}

/// All stages, or the ones named by `--only`.
pub fn test(arguments: &[&str]) -> Result<(), Failure> {
    let mut names = Vec::new();
    let mut rest = arguments;
    while let [option, name, tail @ ..] = rest {
        if *option != "--only" || !stage_names().contains(name) {
            break;
        }
        names.push(*name);
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(Failure::new(format!(
            "test takes --only with one of: {}",
            stage_names().join(", ")
        )));
    }
    let stages: Vec<Stage> = STAGES
        .into_iter()
        .filter(|stage| names.is_empty() || names.contains(&stage.name))
        .collect();
    stage::every(&stages)
}

/// The benchmarks of the cryptographic core, with their output as it comes.
pub fn bench() -> Result<(), Failure> {
    let status = cargo(["bench", "-p", "sotto-crypto-core"])
        .status()
        .map_err(|error| Failure::new(format!("can't run cargo bench: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("failed: cargo bench"))
    }
}

/// Makes sure that a cargo command of the toolchain is there.
fn component(command: &str, component: &str) -> Result<(), Failure> {
    if process::answers(cargo([command, "--version"]))
        || process::answers(process::program("rustup", ["component", "add", component]))
    {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{component} is missing. Install it: rustup component add {component}"
    )))
}

fn format() -> Outcome {
    component("fmt", "rustfmt")?;
    process::output(cargo(["fmt", "--all", "--check"]))?;
    Ok(Report::done())
}

fn clippy() -> Outcome {
    component("clippy", "clippy")?;
    process::output(cargo([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    Ok(Report::done())
}

fn native() -> Outcome {
    if process::answers(cargo(["nextest", "--version"])) {
        let output = process::output(cargo([
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--no-tests",
            "pass",
        ]))?;
        let summary = output
            .lines()
            .rev()
            .find(|line| line.contains("tests run: "))
            .map_or("no tests", str::trim);
        return Ok(Report::Done(summary.to_owned()));
    }
    let output = process::output(cargo([
        "test",
        "--workspace",
        "--no-fail-fast",
        "--lib",
        "--bins",
        "--tests",
    ]))?;
    Ok(Report::Done(format!(
        "{} passed",
        passed_by_libtest(&output)
    )))
}

fn doc_tests() -> Outcome {
    let output = process::output(cargo(["test", "--workspace", "--doc"]))?;
    Ok(Report::Done(format!(
        "{} passed",
        passed_by_libtest(&output)
    )))
}

/// The sum of `test result: ok. N passed; …`.
pub fn passed_by_libtest(output: &str) -> u64 {
    output
        .lines()
        .filter_map(|line| line.trim().strip_prefix("test result: ok. "))
        .filter_map(|counts| counts.split(' ').next())
        .filter_map(|count| count.parse::<u64>().ok())
        .sum()
}

fn deny() -> Outcome {
    if !Path::new(&workspace::root()).join("deny.toml").is_file() {
        return Ok(Report::Skipped("no deny.toml".to_owned()));
    }
    if !process::answers(cargo(["deny", "--version"])) {
        return Ok(Report::Skipped("cargo-deny is not installed".to_owned()));
    }
    process::output(cargo(["deny", "check", "bans", "licenses", "sources"]))?;
    Ok(Report::done())
}
