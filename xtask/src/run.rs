//! `cargo xtask run`: build everything, then be the server.

use std::process::Command;

use crate::{
    process::{self, Failure, cargo},
    stage::{self, Outcome, Report, Stage},
    toolchain, wasm, web, workspace,
};

/// The server as it is deployed, with all that it carries.
pub fn build_deployed() -> Result<(), Failure> {
    build(Stage {
        name: "server",
        work: || server(&["--release"]),
    })
}

/// See the root `Cargo.toml`.
const QUICK_PROFILE: &str = "local";

/// Built quickly, and without what only a server on the open network needs: TLS is a fifth of all crates.
const QUICK: Stage = Stage {
    name: "server",
    work: || server(&["--profile", QUICK_PROFILE, "--no-default-features"]),
};

/// Built quickly, with TLS.
const QUICK_WITH_TLS: Stage = Stage {
    name: "server",
    work: || server(&["--profile", QUICK_PROFILE]),
};

fn build(server: Stage) -> Result<(), Failure> {
    stage::all(&[toolchain::PREFLIGHT])?;
    // One waits for the network while the other computes.
    stage::together(&[wasm::BUILD, web::INSTALL])?;
    stage::all(&[web::BUILD, server])
}

/// Builds, then replaces this process by the server. Options after `--` are for the server.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let options = match arguments {
        [] => &[],
        ["--", options @ ..] => options,
        [unknown, ..] => {
            return Err(Failure::new(format!(
                "unknown option {unknown}. Options of the server follow two dashes: cargo xtask run -- {unknown}"
            )));
        }
    };
    let tls = options.iter().any(|option| option.starts_with("--tls"));
    build(if tls { QUICK_WITH_TLS } else { QUICK })?;
    println!();
    let mut command = Command::new(workspace::server_binary(QUICK_PROFILE));
    command.current_dir(workspace::root()).arg("serve");
    if !options.iter().any(|option| option.starts_with("--data")) {
        command.args(["--data", "data"]);
    }
    command.args(options);
    become_program(command)
}

fn server(options: &[&str]) -> Outcome {
    let mut command = cargo(["build", "--quiet", "-p", "sotto-server"]);
    command.args(options);
    process::output(command)?;
    Ok(Report::done())
}

/// One process, so that a signal to it is a signal to the server.
#[cfg(unix)]
fn become_program(mut command: Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::new(format!("can't start the server: {error}")))
}

#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("the server ended: {status}"))),
        Err(error) => Err(Failure::new(format!("can't start the server: {error}"))),
    }
}
