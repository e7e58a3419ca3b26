//! Runs a wasm test binary in Node: what cargo calls as the runner of the wasm target.
//!
//! `wasm-bindgen-test` puts the tests into the module as exports whose names start with `__wbgt_`, beside a context that
//! runs them and prints as libtest does. All that a runner adds is the JavaScript in between. (wasm-bindgen's own runner
//! drives browsers too, and would add fifty crates to the build for it.)

use std::{fs, path::Path, process::Command};

use wasm_bindgen_cli_support::Bindgen;

use crate::{process::Failure, workspace};

/// Runs every test of the module. What a test prints is shown if it fails.
const SCRIPT: &str = "\
const bindings = require('./tests.js');
const names = Object.keys(bindings.__wasm).filter((name) => name.startsWith('__wbgt_'));
if (names.length === 0) {
  console.log('no tests');
  process.exit(0);
}
globalThis.__wbg_test_invoke = (test) => test();
globalThis.__wbgtest_og_console_log = console.log;
globalThis.__wbgtest_og_console_error = console.error;
const context = new bindings.WasmBindgenTestContext(false);
context.include_ignored(false);
context.filtered_count(0);
for (const method of ['debug', 'log', 'info', 'warn', 'error']) {
  console[method] = (...values) => bindings[`__wbgtest_console_${method}`](values);
}
context.run(names.map((name) => bindings.__wasm[name])).then(
  (passed) => process.exit(passed ? 0 : 1),
  (error) => {
    globalThis.__wbgtest_og_console_error(error);
    process.exit(1);
  },
);
";

/// Runs the tests of one binary, with their output as it comes.
pub fn run(binary: &Path) -> Result<(), Failure> {
    let name = binary.file_stem().unwrap_or_default();
    let folder = workspace::own_files().join("wasm-tests").join(name);
    generate(binary, &folder)
        .map_err(|error| Failure::new(format!("wasm-bindgen: {}: {error:#}", binary.display())))?;
    let script = folder.join("run.cjs");
    fs::write(&script, SCRIPT).map_err(|error| Failure::io("write", &script, &error))?;
    let status = Command::new("node")
        .arg(&script)
        .status()
        .map_err(|error| Failure::new(format!("can't run Node.js: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("wasm tests failed"))
    }
}

fn generate(binary: &Path, folder: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Bindgen::new()
        .input_path(binary)
        .out_name("tests")
        .nodejs(true)?
        .debug(true)
        .typescript(false)
        .export_wasm(true)
        .emit_start(false)
        .generate(folder)?;
    Ok(())
}
