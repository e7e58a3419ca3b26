//! What must be on the machine before anything is built: Rust's wasm target, and Node.js.

use std::path::Path;

use crate::{
    process::{self, Failure, program},
    stage::{Outcome, Report, Stage},
};

/// Checks the toolchain, and adds what rustup can add.
pub const PREFLIGHT: Stage = Stage {
    name: "preflight",
    work: preflight,
};

/// The wasm target's name.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The oldest Node.js that the web tools run on.
const OLDEST_NODE: (u32, u32) = (20, 19);

fn preflight() -> Outcome {
    wasm_target()?;
    let node = node()?;
    Ok(Report::Done(format!("Node.js {node}")))
}

/// `rust-toolchain.toml` names the target, but where rustup's automatic install is off, a missing one is silently ignored.
fn wasm_target() -> Result<(), Failure> {
    if has_wasm_target()? {
        return Ok(());
    }
    let advice = || {
        Failure::new(format!(
            "Rust's {WASM_TARGET} target is missing. Install it: rustup target add {WASM_TARGET}"
        ))
    };
    process::output(program("rustup", ["target", "add", WASM_TARGET])).map_err(|_| advice())?;
    if has_wasm_target()? {
        Ok(())
    } else {
        Err(advice())
    }
}

fn has_wasm_target() -> Result<bool, Failure> {
    let sysroot = process::output(program("rustc", ["--print", "sysroot"]))?;
    let sysroot = sysroot.lines().next_back().unwrap_or_default().trim();
    Ok(Path::new(sysroot)
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib")
        .is_dir())
}

/// The name of the target that is this machine.
pub fn host() -> Result<String, Failure> {
    process::output(program("rustc", ["--version", "--verbose"]))?
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("rustc doesn't say which target it runs on"))
}

fn node() -> Result<String, Failure> {
    let (major, minor) = OLDEST_NODE;
    let advice = format!("Install Node.js {major}.{minor} or newer, with npm: https://nodejs.org");
    let version = process::output(program("node", ["--version"]))
        .map_err(|_| Failure::new(format!("Node.js is missing. {advice}")))?;
    let version = version.trim().trim_start_matches('v').to_owned();
    if !process::answers(process::npm(["--version"])) {
        return Err(Failure::new(format!("npm is missing. {advice}")));
    }
    if is_new_enough(&version) {
        Ok(version)
    } else {
        Err(Failure::new(format!(
            "Node.js {version} is too old. {advice}"
        )))
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>());
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST_NODE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(is_new_enough("20.19.0"));
        assert!(is_new_enough("22.2.0"));
        assert!(is_new_enough("100.0.0"));
        assert!(!is_new_enough("20.9.0"));
        assert!(!is_new_enough("18.20.1"));
        assert!(!is_new_enough("nonsense"));
    }
}
