//! The database's shape, as numbered SQL files that are applied once each, in order. A published file never changes.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::store::StoreError;

/// Every migration, oldest first.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001_mailboxes.sql")),
    M::up(include_str!("migrations/0002_accounts.sql")),
];

/// Brings a database to the newest shape.
///
/// # Errors
/// [`StoreError::Unavailable`] if it is busy or can't be written, [`StoreError::Corrupt`] if it is of a newer relay.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    Migrations::from_slice(MIGRATIONS)
        .to_latest(connection)
        .map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => super::store_error(err),
            other => StoreError::Corrupt(other.to_string()),
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_migration_applies() {
        rusqlite_migration::Migrations::from_slice(super::MIGRATIONS)
            .validate()
            .unwrap();
    }
}
