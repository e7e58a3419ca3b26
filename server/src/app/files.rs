//! The data folder: the database, and the relay's OPAQUE keys beside it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::StartError;
use crate::domain::passwords::Passwords;

/// The database's file in a data folder.
pub fn database_file(data: &Path) -> PathBuf {
    data.join("sotto.db")
}

/// The file of the OPAQUE keys in a data folder. They stay out of the database, so that it alone doesn't let anybody guess passwords.
pub fn keys_file(data: &Path) -> PathBuf {
    data.join("opaque.keys")
}

/// Reads the relay's OPAQUE keys, or makes them in a new data folder.
///
/// # Errors
/// [`StartError::Data`], also where there is a database but no keys: new ones would make every password wrong.
pub fn load_or_make_keys(data: &Path) -> Result<Vec<u8>, StartError> {
    let file = keys_file(data);
    let failed = |reason: String| StartError::Data {
        folder: data.to_owned(),
        reason,
    };
    match fs::read(&file) {
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(format!("{}: {error}", file.display()))),
    }
    if database_file(data).exists() {
        return Err(failed(format!(
            "{} is missing, but there is a database: restore the keys from the backup, since with new ones nobody could sign in by password",
            file.display()
        )));
    }
    let keys = Passwords::generate_setup()?;
    write_private(&file, &keys).map_err(|error| failed(format!("{}: {error}", file.display())))?;
    Ok(keys)
}

/// Writes a new file that only its owner may read, durably.
///
/// # Errors
/// I/O, also if the file exists.
pub fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut out = options.open(file)?;
    out.write_all(bytes)?;
    out.sync_all()
}

/// Makes a folder that only its owner may enter, unless it is there.
///
/// # Errors
/// I/O.
pub fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
