//! Finding people, and the standing of conversations with them: accepted, requested, blocked.

use sotto_protocol::{AccountId, http::People};

use crate::{
    api::{
        problem::Problem,
        view::{ConversationView, PersonView, Standing},
    },
    home::Home,
    host::CallId,
    messages::content::{Body, Sync},
    requests::{Answer, Ask, parse},
    turn::Turn,
};

/// Characters of a name's start that a search needs.
const PREFIX_MIN: usize = 2;

impl Home {
    pub(crate) fn search(&mut self, t: &mut Turn<'_>, call: CallId, prefix: &str) {
        let prefix = prefix.trim();
        let valid = prefix
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if prefix.len() < PREFIX_MIN || !valid {
            // No user name starts so.
            return t.reply(call, Ok(Vec::<PersonView>::new()));
        }
        t.get(Ask::Search(call), format!("/v1/users?prefix={prefix}"));
    }

    pub(crate) fn search_answered(&mut self, t: &mut Turn<'_>, call: CallId, answer: Answer) {
        let people = parse::<People>(answer).map_err(|failure| failure.problem(t.now));
        let found = people.map(|found| {
            found
                .people
                .into_iter()
                .filter(|person| person.account != self.me.account)
                .map(|person| PersonView {
                    account: person.account.to_string(),
                    username: person.username.to_string(),
                })
                .collect::<Vec<_>>()
        });
        t.reply(call, found);
    }

    pub(crate) fn open_conversation(&mut self, t: &mut Turn<'_>, call: CallId, account: AccountId) {
        if account == self.me.account {
            return t.reply::<()>(call, Err(Problem::PersonIsYou));
        }
        if self.conversations.contains_key(&account) || self.directory.get(account).is_some() {
            return self.open_known(t, call, account);
        }
        let inquiry = self.directory.inquiries.entry(account).or_default();
        inquiry.calls.push(call);
        inquiry.retry_at = 0;
        self.fetch_lists(t, account);
    }

    /// Answers [`Self::open_conversation`] once the person is known.
    pub(crate) fn open_known(&mut self, t: &mut Turn<'_>, call: CallId, account: AccountId) {
        if !self.conversations.contains_key(&account) {
            let Some(username) = self.directory.get(account).map(|p| p.username.clone()) else {
                return t.reply::<()>(call, Err(Problem::PersonUnknown));
            };
            self.conversation_or_new(account, &username, Standing::Accepted, t.now);
            self.store_conversation(t, account);
            self.contacts_changed(t);
        }
        let view = self
            .conversations
            .get(&account)
            .map(|conversation| conversation.view(account))
            .ok_or(Problem::Unknown);
        t.reply(call, view);
    }

    pub(crate) fn all_conversations(&self) -> Vec<ConversationView> {
        let mut views: Vec<_> = self
            .conversations
            .iter()
            .map(|(account, conversation)| conversation.view(*account))
            .collect();
        views.sort_by(|a, b| (b.updated_at, &b.id).cmp(&(a.updated_at, &a.id)));
        views
    }

    /// The person decides about a conversation.
    pub(crate) fn decide(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        standing: Standing,
    ) -> Result<(), Problem> {
        let conversation = self
            .conversations
            .get_mut(&account)
            .ok_or(Problem::Unknown)?;
        if conversation.standing == standing {
            return Ok(());
        }
        self.set_standing(t, account, standing, t.now);
        self.tell_standing(t, account);
        self.contacts_changed(t);
        Ok(())
    }

    pub(crate) fn set_standing(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        standing: Standing,
        at: u64,
    ) {
        let Some(conversation) = self.conversations.get_mut(&account) else {
            return;
        };
        conversation.standing = standing;
        conversation.standing_at = at;
        if standing == Standing::Blocked {
            conversation.typing_until = None;
        }
        self.store_conversation(t, account);
        match standing {
            // What was held back as long as they were a stranger.
            Standing::Accepted => self.receipts_due(t, account),
            Standing::Blocked => self.forget_receipts(t, account),
            Standing::Request => {}
        }
    }

    fn tell_standing(&mut self, t: &mut Turn<'_>, account: AccountId) {
        if let Some(c) = self.conversations.get(&account) {
            let sync = Sync::Standing {
                with: account,
                username: c.username.clone(),
                standing: c.standing,
                at: c.standing_at,
            };
            self.tell_own_devices(t, sync);
        }
    }

    /// Another of the own devices decided.
    pub(crate) fn standing_synced(
        &mut self,
        t: &mut Turn<'_>,
        with: AccountId,
        username: &str,
        standing: Standing,
        at: u64,
    ) {
        match self.conversations.get(&with) {
            None => {
                self.conversation_or_new(with, username, standing, t.now)
                    .standing_at = at;
                self.store_conversation(t, with);
            }
            // A mere request never undoes a decision.
            Some(c) if standing == Standing::Request || c.standing == standing => {}
            Some(c) if c.standing == Standing::Request || at > c.standing_at => {
                self.set_standing(t, with, standing, at);
            }
            Some(_) => {}
        }
    }

    /// The account has a further device: it learns who is a contact, who is blocked, and whose key was verified.
    pub(crate) fn introduce_contacts(&mut self, t: &mut Turn<'_>) {
        let mut news = Vec::new();
        for (account, c) in &self.conversations {
            news.push(Sync::Standing {
                with: *account,
                username: c.username.clone(),
                standing: c.standing,
                at: c.standing_at,
            });
            if let Some(verified) = &c.verified {
                news.push(Sync::Verification {
                    with: *account,
                    key: verified.key.clone(),
                    method: Some(verified.method),
                    at: verified.at,
                });
            }
        }
        for sync in news {
            self.tell_own_devices(t, sync);
        }
    }

    /// The own account has other devices.
    pub(crate) fn has_siblings(&self) -> bool {
        self.directory
            .get(self.me.account)
            .is_some_and(|me| me.device_ids().any(|device| device != self.me.device))
    }

    /// Queues something for the other devices of the own account, if there are any.
    pub(crate) fn tell_own_devices(&mut self, t: &mut Turn<'_>, sync: Sync) {
        if self.has_siblings() {
            let me = self.me.account;
            self.queue_control(t, me, Body::Sync(sync));
        }
    }
}
