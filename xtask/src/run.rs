//! `cargo xtask run`: build everything, then be the server.

use std::process::Command;

use crate::{
    process::{self, Failure, cargo},
    stage::{self, Outcome, Report, Stage},
    toolchain, wasm, web, workspace,
};

/// Everything that the server carries, and the server as it is deployed.
pub const DEPLOYED: [Stage; 5] = with_server(Stage {
    name: "server",
    work: || server("release"),
});

/// The same, built quickly.
const TRIED: [Stage; 5] = with_server(Stage {
    name: "server",
    work: || server(QUICK_PROFILE),
});

/// See the root `Cargo.toml`.
const QUICK_PROFILE: &str = "local";

const fn with_server(server: Stage) -> [Stage; 5] {
    [
        toolchain::PREFLIGHT,
        wasm::BUILD,
        web::INSTALL,
        web::BUILD,
        server,
    ]
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
    stage::all(&TRIED)?;
    println!();
    let mut command = Command::new(workspace::server_binary(QUICK_PROFILE));
    command.current_dir(workspace::root()).arg("serve");
    if !options.iter().any(|option| option.starts_with("--data")) {
        command.args(["--data", "data"]);
    }
    command.args(options);
    become_program(command)
}

fn server(profile: &str) -> Outcome {
    process::output(cargo([
        "build",
        "--quiet",
        "--profile",
        profile,
        "-p",
        "sotto-server",
    ]))?;
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
