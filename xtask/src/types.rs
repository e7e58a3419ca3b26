//! TypeScript definitions of the engine's interface: generated from Rust, committed, and checked to be current, so that
//! building the page needs no native build of the engine.

use std::{fs, path::PathBuf};

use crate::{
    process::{self, Failure, cargo},
    stage::{Outcome, Report, Stage},
    stamp, workspace,
};

/// Writes the definitions.
pub const WRITE: Stage = Stage {
    name: "types",
    work: write,
};

/// Checks that the committed definitions are current.
pub const CHECK: Stage = Stage {
    name: "types",
    work: check,
};

fn write() -> Outcome {
    stamp::write_if_changed(&file(), definitions()?.as_bytes())?;
    Ok(Report::done())
}

fn check() -> Outcome {
    let wanted = definitions()?;
    if fs::read_to_string(file()).is_ok_and(|current| current == wanted) {
        Ok(Report::done())
    } else {
        Err(Failure::new(
            "web/src/generated/api.ts is out of date. Write it: cargo xtask types",
        ))
    }
}

fn definitions() -> Result<String, Failure> {
    process::output(cargo(["build", "--quiet", "-p", "sotto-api-types"]))?;
    let binary = workspace::target()
        .join("debug")
        .join(format!("sotto-api-types{}", std::env::consts::EXE_SUFFIX));
    process::output(std::process::Command::new(binary))
}

fn file() -> PathBuf {
    workspace::web().join("src/generated/api.ts")
}
