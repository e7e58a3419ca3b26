//! Stamps: what the inputs of a piece of work were when it was last done.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{process::Failure, workspace};

/// Names, sizes and times of files, as one number. A stamp is good for this very tool only: a rebuilt one may count
/// differently, and then the work is done once more.
pub fn fingerprint(paths: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher);
    }
    hasher.finish()
}

/// Whether the work called `name` was last done with these inputs.
pub fn is_fresh(name: &str, fingerprint: u64) -> bool {
    fs::read_to_string(file(name)).is_ok_and(|kept| kept == fingerprint.to_string())
}

/// Remembers that the work called `name` was done with these inputs.
pub fn set(name: &str, fingerprint: u64) -> Result<(), Failure> {
    let path = file(name);
    write_if_changed(&path, fingerprint.to_string().as_bytes())
}

/// Leaves a file that is right already as it is, so that what depends on it stays fresh.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
    }
    fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
}

fn file(name: &str) -> PathBuf {
    workspace::own_files().join(format!("{name}.stamp"))
}

fn add(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    if metadata.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        for entry in entries {
            add(&entry, hasher);
        }
        return;
    }
    metadata.len().hash(hasher);
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos()
        .hash(hasher);
}
