//! Keeping the contacts in the vault, so that whoever comes back on a new browser finds whom they know and whom they blocked (PROTOCOL.md section 9.1).
//!
//! ```text
//! a decision ──▶ due (durable) ──▶ fetch the vault ──▶ merge ──▶ put its successor ──▶ done
//!                     ▲                                              │
//!                     └───────── somebody else was first ────────────┘
//! ```

use sotto_protocol::{ProblemCode, http::Vault};

use crate::{
    account::vault::{self, Contact},
    api::view::Standing,
    home::Home,
    people::conversation::Conversation,
    requests::{Answer, Ask, Auth, Failure, parse},
    storage,
    turn::Turn,
};

/// Contacts that are kept, those with the newest decisions; so many fit into a vault.
const CONTACTS_MAX: usize = 300;
/// Decisions wait so long for company.
const DELAY_MS: u64 = 2_000;
const RETRY_MIN_MS: u64 = 5_000;
const RETRY_MAX_MS: u64 = 60 * 60_000;

/// Whether the vault is behind.
#[derive(Default)]
pub(crate) struct Upkeep {
    /// It is.
    behind: bool,
    /// Something was decided while it was being brought up to date.
    again: bool,
    busy: bool,
    due: u64,
    attempts: u32,
}

impl Upkeep {
    pub(crate) fn restore(&mut self) {
        self.behind = true;
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        (self.behind && !self.busy).then_some(self.due)
    }
}

impl Home {
    /// A decision about a contact: the vault is to hear of it.
    pub(crate) fn contacts_changed(&mut self, t: &mut Turn<'_>) {
        if self.me.vault_key().is_none() {
            return;
        }
        self.upkeep.again = true;
        if !self.upkeep.behind {
            self.upkeep.behind = true;
            self.upkeep.due = t.now.saturating_add(DELAY_MS);
            t.put(storage::VAULT_BEHIND.to_owned(), &true);
        }
    }

    /// At a wake-up.
    pub(crate) fn tend_vault(&mut self, t: &mut Turn<'_>) {
        if self.upkeep.behind && !self.upkeep.busy && t.now >= self.upkeep.due {
            self.upkeep.busy = true;
            self.upkeep.again = false;
            t.get(Ask::VaultFetch, "/v1/vault".to_owned());
        }
    }

    /// The vault as it is: brought up to date.
    pub(crate) fn vault_for_upkeep(&mut self, t: &mut Turn<'_>, answer: Answer) {
        let vault: Vault = match parse(answer) {
            Ok(vault) => vault,
            Err(failure) => return self.upkeep_fails(t, &failure),
        };
        let opened = self.me.vault_key().and_then(|key| {
            vault::open_with(self.me.account, &vault, key, self.me.vault_version())
        });
        let Some(opened) = opened else {
            // Rolled back, or not ours: it is left alone.
            return self.upkeep_fails(t, &Failure::Nonsense);
        };
        for contact in &opened.contacts {
            self.contact_known(t, contact);
        }
        let contacts = self.contacts();
        if contacts == opened.contacts {
            self.me.saw_vault(t, vault.version);
            return self.upkeep_done(t);
        }
        let Ok(next) = vault::with_contacts(t, self.me.account, &opened, &vault, &contacts) else {
            return self.upkeep_fails(t, &Failure::Nonsense);
        };
        let ask = Ask::VaultPut {
            version: next.version,
        };
        let path = "/v1/vault".to_owned();
        t.ask(ask, "PUT", path, Some(&next), Auth::Session);
    }

    pub(crate) fn vault_was_put(&mut self, t: &mut Turn<'_>, version: u64, answer: Answer) {
        match answer {
            Ok(_) => {
                self.me.saw_vault(t, version);
                self.upkeep_done(t);
            }
            Err(failure) => self.upkeep_fails(t, &failure),
        }
    }

    fn upkeep_done(&mut self, t: &mut Turn<'_>) {
        self.upkeep.busy = false;
        self.upkeep.attempts = 0;
        self.upkeep.behind = self.upkeep.again;
        if self.upkeep.behind {
            self.upkeep.due = t.now.saturating_add(DELAY_MS);
        } else {
            t.delete(storage::VAULT_BEHIND.to_owned());
        }
    }

    fn upkeep_fails(&mut self, t: &Turn<'_>, failure: &Failure) {
        self.upkeep.busy = false;
        let conflict = failure.code() == Some(ProblemCode::VaultConflict);
        let pause = RETRY_MIN_MS
            .saturating_mul(1 << self.upkeep.attempts.min(12))
            .min(RETRY_MAX_MS)
            .max(failure.retry_after().unwrap_or(0));
        let pause = if conflict { DELAY_MS } else { pause };
        self.upkeep.attempts = self.upkeep.attempts.saturating_add(1);
        self.upkeep.due = t.now.saturating_add(pause);
    }

    /// Takes over what the vault knows of a contact, where that is newer.
    pub(crate) fn contact_known(&mut self, t: &mut Turn<'_>, contact: &Contact) {
        let with = contact.account;
        if with == self.me.account {
            return;
        }
        if self.conversations.contains_key(&with) {
            return self.standing_synced(t, with, &contact.username, contact.standing, contact.at);
        }
        let mut conversation =
            Conversation::new(contact.username.clone(), contact.standing, contact.at);
        // Judged against the key that the relay shows, once it does.
        conversation.verified.clone_from(&contact.verified);
        self.conversations.insert(with, conversation);
        self.store_conversation(t, with);
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts: Vec<Contact> = self
            .conversations
            .iter()
            .filter(|(_, c)| c.standing != Standing::Request)
            .map(|(account, c)| Contact {
                account: *account,
                username: c.username.clone(),
                standing: c.standing,
                at: c.standing_at,
                verified: c.verified.clone(),
            })
            .collect();
        contacts.sort_by_key(|c| (std::cmp::Reverse(c.at), c.account));
        contacts.truncate(CONTACTS_MAX);
        contacts
    }
}
