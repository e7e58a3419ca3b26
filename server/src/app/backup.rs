//! `sotto backup`: a consistent copy of the database, also of a running relay, and of the keys.

use std::{fs, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, backup::Backup as Copy};

use super::files::{database_file, keys_file, write_private};
use crate::config::Backup;

/// Copies the database to a new file and the keys beside it; checks the copy.
///
/// # Errors
/// In words. Existing files are never overwritten.
pub fn backup(options: &Backup) -> Result<(), String> {
    let data = &options.data.data;
    let keys_to = options.file.with_added_extension("keys");
    for file in [&options.file, &keys_to] {
        if file.exists() {
            return Err(format!("{} exists already", file.display()));
        }
    }
    let keys = fs::read(keys_file(data))
        .map_err(|error| format!("{}: {error}", keys_file(data).display()))?;
    // Made with the right permissions before anything is in it.
    write_private(&options.file, b"")
        .map_err(|error| format!("{}: {error}", options.file.display()))?;
    copy(&database_file(data), &options.file).map_err(|error| {
        let _ = fs::remove_file(&options.file);
        format!("the copy failed: {error}")
    })?;
    write_private(&keys_to, &keys).map_err(|error| format!("{}: {error}", keys_to.display()))
}

fn copy(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(Duration::from_secs(10))?;
    let mut target = Connection::open(to)?;
    // In one step, so that a busy relay can't make it start over again and again.
    Copy::new(&source, &mut target)?.run_to_completion(
        i32::MAX,
        Duration::from_millis(50),
        None,
    )?;
    let verdict: String = target.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(rusqlite::Error::InvalidParameterName(verdict))
    }
}
