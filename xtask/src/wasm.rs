//! The wasm modules of the web client, with their JavaScript, and the tests that run as wasm.

use std::{fs, path::Path};

use wasm_bindgen_cli_support::Bindgen;

use crate::{
    process::{self, Failure, cargo},
    stage::{Outcome, Report, Stage},
    stamp,
    toolchain::WASM_TARGET,
    workspace,
};

/// Compiles the modules and generates their JavaScript and TypeScript.
pub const BUILD: Stage = Stage {
    name: "wasm-build",
    work: build,
};

/// Checks the pure crates as wasm, and runs the wasm tests in Node.
pub const TEST: Stage = Stage {
    name: "wasm",
    work: test,
};

/// A crate, and what its module is called for the web client.
struct Module {
    krate: &'static str,
    artifact: &'static str,
    name: &'static str,
}

const MODULES: [Module; 2] = [
    Module {
        krate: "sotto-wasm-client",
        artifact: "sotto_wasm_client.wasm",
        name: "engine",
    },
    Module {
        krate: "sotto-wasm-opaque",
        artifact: "sotto_wasm_opaque.wasm",
        name: "opaque",
    },
];

/// The crates that promise to need no system at all. They hold it by compiling where there is none.
const PURE: [&str; 4] = [
    "sotto-crypto-core",
    "sotto-protocol",
    "sotto-client-engine",
    "sotto-opaque",
];

fn build() -> Outcome {
    let mut command = cargo([
        "build",
        "--quiet",
        "--profile",
        "wasm",
        "--target",
        WASM_TARGET,
    ]);
    for module in &MODULES {
        command.args(["-p", module.krate]);
    }
    process::output(command)?;
    let mut sizes = Vec::new();
    let mut fresh = true;
    for module in &MODULES {
        let (kibibytes, generated) = generate(module)?;
        fresh &= !generated;
        sizes.push(format!("{} {kibibytes} KiB", module.name));
    }
    if fresh {
        return Ok(Report::Fresh);
    }
    Ok(Report::Done(sizes.join(", ")))
}

/// Makes `web/src/generated/<name>/` of a compiled module. Returns the module's size, and whether there was work.
fn generate(module: &Module) -> Result<(u64, bool), Failure> {
    let input = workspace::target()
        .join(WASM_TARGET)
        .join("wasm")
        .join(module.artifact);
    let folder = workspace::web().join("src/generated").join(module.name);
    let built = folder.join(format!("{}_bg.wasm", module.name));
    let fingerprint = stamp::fingerprint(std::slice::from_ref(&input));
    let stamp_name = format!("bindgen-{}", module.name);
    let generated = !(built.is_file() && stamp::is_fresh(&stamp_name, fingerprint));
    if generated {
        let draft = workspace::own_files().join("bindgen").join(module.name);
        bindgen(module, &input, &draft)
            .map_err(|error| Failure::new(format!("wasm-bindgen: {}: {error:#}", module.krate)))?;
        copy_changed(&draft, &folder)?;
        stamp::set(&stamp_name, fingerprint)?;
    }
    let size = fs::metadata(&built).map_err(|error| Failure::io("read", &built, &error))?;
    Ok((size.len() / 1024, generated))
}

fn bindgen(
    module: &Module,
    input: &Path,
    output: &Path,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Bindgen::new()
        .input_path(input)
        .out_name(module.name)
        .web(true)?
        .typescript(true)
        .ts_typed_array_buffers(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(output)?;
    Ok(())
}

fn copy_changed(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("read", from, &error);
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_changed(&path, &target)?;
        } else {
            let bytes = fs::read(&path).map_err(failed)?;
            stamp::write_if_changed(&target, &bytes)?;
        }
    }
    Ok(())
}

fn test() -> Outcome {
    for krate in PURE {
        process::output(cargo([
            "check",
            "--quiet",
            "--lib",
            "--target",
            WASM_TARGET,
            "-p",
            krate,
        ]))?;
    }
    let runner = std::env::current_exe()
        .map_err(|error| Failure::new(format!("can't tell where this tool is: {error}")))?;
    let runner = format!(
        "target.{WASM_TARGET}.runner=['{}', 'wasm-runner']",
        runner.display()
    );
    let mut command = cargo([
        "--config",
        &runner,
        "test",
        "--target",
        WASM_TARGET,
        "--tests",
    ]);
    for module in &MODULES {
        command.args(["-p", module.krate]);
    }
    let output = process::output(command)?;
    Ok(Report::Done(format!(
        "{} pure crates, {} tests in Node",
        PURE.len(),
        crate::checks::passed_by_libtest(&output)
    )))
}
