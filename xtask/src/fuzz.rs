//! A short run of every fuzz target, guided by coverage, on the pinned compiler: libFuzzer without a sanitizer needs
//! neither the nightly compiler nor cargo-fuzz. (Both work too: `cargo +nightly fuzz run <target>`.)

use std::{fs, path::PathBuf};

use crate::{
    process::{self, Failure, cargo},
    stage::{Outcome, Report, Stage},
    toolchain, workspace,
};

/// Every target, for two seconds.
pub const TEST: Stage = Stage {
    name: "fuzz",
    work: test,
};

/// The instrumentation that libFuzzer is guided by, as cargo-fuzz sets it.
const INSTRUMENTATION: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
    "-Ccodegen-units=1",
];

/// Every target, for some seconds.
pub fn smoke_run(seconds: &str) -> Result<(), Failure> {
    if let Report::Done(text) | Report::Skipped(text) = smoke(seconds)? {
        println!("{text}");
    }
    Ok(())
}

fn test() -> Outcome {
    smoke("2")
}

fn smoke(seconds: &str) -> Outcome {
    let targets = targets();
    if targets.is_empty() {
        return Ok(Report::Skipped("no fuzz targets".to_owned()));
    }
    if !process::answers(process::program("c++", ["--version"])) {
        return Ok(Report::Skipped(
            "libFuzzer needs a C++ compiler (Debian: apt-get install g++)".to_owned(),
        ));
    }
    let folder = workspace::own_files().join("fuzz");
    // With a target named, even the host itself, build scripts stay without instrumentation.
    let host = toolchain::host()?;
    let mut build = cargo([
        "build",
        "--quiet",
        "--release",
        "--bins",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
        &host,
    ]);
    build
        .env("RUSTFLAGS", INSTRUMENTATION.join(" "))
        .env("CARGO_TARGET_DIR", &folder);
    process::output(build)?;
    for target in &targets {
        let binary = folder
            .join(&host)
            .join("release")
            .join(format!("{target}{}", std::env::consts::EXE_SUFFIX));
        let found = workspace::own_files().join("fuzz-found").join(target);
        let corpus = found.join("corpus");
        fs::create_dir_all(&corpus).map_err(|error| Failure::io("make", &corpus, &error))?;
        let mut run = std::process::Command::new(binary);
        run.arg(&corpus);
        // Seeds that are kept with the target, if there are any.
        let seeds = workspace::root().join("fuzz/seeds").join(target);
        if seeds.is_dir() {
            run.arg(seeds);
        }
        run.arg(format!("-max_total_time={seconds}"))
            .arg("-timeout=10")
            .arg("-rss_limit_mb=4096")
            .arg(format!("-artifact_prefix={}/", found.display()));
        process::output(run)?;
    }
    Ok(Report::Done(format!(
        "{} targets, {seconds} s each",
        targets.len()
    )))
}

/// The names of the targets: one file each.
fn targets() -> Vec<String> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    let mut targets: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|end| end == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    targets.sort();
    targets
}
