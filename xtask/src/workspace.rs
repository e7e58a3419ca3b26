//! Where things are.

use std::path::{Path, PathBuf};

/// The folder of the root `Cargo.toml`.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The web client's folder.
pub fn web() -> PathBuf {
    root().join("web")
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Where this tool keeps its own files.
pub fn own_files() -> PathBuf {
    target().join("xtask")
}

/// The server's binary in a profile's folder.
pub fn server_binary(profile_folder: &str) -> PathBuf {
    target()
        .join(profile_folder)
        .join(format!("sotto{}", std::env::consts::EXE_SUFFIX))
}
