//! `sotto invite`: makes a code. The database keeps its hash.

use crate::{
    config::Invite,
    domain::{
        accounts::registration::invitation_hash,
        clock::{DAY_MS, now_ms},
        token::random,
    },
    store::{AccountStore as _, sqlite::Sqlite},
};

use super::files::database_file;

/// Letters and digits that can't be taken for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Makes an invitation and returns its code.
///
/// # Errors
/// In words.
pub async fn invite(options: &Invite) -> Result<String, String> {
    let file = database_file(&options.data.data);
    if !file.exists() {
        return Err(format!(
            "{} is not there: start the relay once first, or name its folder by --data",
            file.display()
        ));
    }
    let store = Sqlite::open(&file).map_err(|error| error.to_string())?;
    let code = code().map_err(|error| error.to_string())?;
    let expires_at = now_ms() + u64::from(options.days) * DAY_MS;
    store
        .add_invitation(invitation_hash(&code), options.uses, expires_at)
        .await
        .map_err(|error| error.to_string())?;
    Ok(code)
}

/// 80 random bits, in groups of four.
fn code() -> Result<String, crate::domain::Error> {
    let letters = random::<16>()?.map(|byte| {
        ALPHABET
            .get(usize::from(byte % 32))
            .map_or('A', |letter| char::from(*letter))
    });
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|four| four.iter().collect())
        .collect();
    Ok(groups.join("-"))
}
