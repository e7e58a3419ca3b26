//! Builds, runs and checks Sotto. `cargo xtask` says how.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the command line talks to the terminal"
)]

mod browser;
mod checks;
mod fuzz;
mod process;
mod run;
mod stage;
mod stamp;
mod tidy;
mod toolchain;
mod types;
mod wasm;
mod wasm_runner;
mod web;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command>

  run [-- <options of the server>]  build everything and serve it at one address
  test [--only <stage>]...          all checks and tests; the stages are listed below
  build <wasm|web|server>           one part and what it needs
  types                             TypeScript definitions of the engine's interface
  tidy                              the rules of the architecture alone
  bench                             the benchmarks of the cryptographic core
  fuzz-smoke [<seconds>]            every fuzz target for some seconds each

Stages: ";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["run", rest @ ..] => run::run(rest),
        ["test", rest @ ..] => checks::test(rest),
        ["build", "wasm"] => stage::all(&[wasm::BUILD]),
        ["build", "web"] => stage::all(&[wasm::BUILD, web::INSTALL, web::BUILD]),
        ["build", "server"] => run::build_deployed(),
        ["types"] => stage::all(&[types::WRITE]),
        ["tidy"] => stage::all(&[checks::TIDY]),
        ["bench"] => checks::bench(),
        // What cargo calls for each wasm test binary (see `wasm.rs`).
        ["wasm-runner", binary, ..] => wasm_runner::run(std::path::Path::new(binary)),
        ["fuzz-smoke"] => fuzz::smoke_run("5"),
        ["fuzz-smoke", seconds] => fuzz::smoke_run(seconds),
        _ => {
            eprintln!("{USAGE}{}", checks::stage_names().join(", "));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}
