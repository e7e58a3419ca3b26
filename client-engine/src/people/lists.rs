//! Fetching device lists and acting on what they say (PROTOCOL.md section 9.4).

use sotto_protocol::{AccountId, ProblemCode, http::DeviceLists};

use crate::{
    api::{event::Event, problem::Problem},
    home::Home,
    people::directory::{Distrust, News, Person, device_id, judge},
    requests::{Answer, Ask, parse},
    turn::Turn,
};

const RETRY_MIN_MS: u64 = 2_000;
const RETRY_MAX_MS: u64 = 5 * 60_000;
/// Somebody without devices, for whom something waits, is looked up so often.
const LOOK_MS: u64 = 60_000;

fn pause(attempts: u32) -> u64 {
    RETRY_MIN_MS
        .saturating_mul(1 << attempts.min(10))
        .min(RETRY_MAX_MS)
}

impl Home {
    /// The relay says that this account's list has this version.
    pub(crate) fn list_wanted(&mut self, t: &mut Turn<'_>, account: AccountId, version: u64) {
        let inquiry = self.directory.inquiries.entry(account).or_default();
        inquiry.wanted = inquiry.wanted.max(version);
        let known = self.directory.get(account).map(|p| p.list.version());
        if known.is_none_or(|known| known < version) {
            self.fetch_lists(t, account);
        }
    }

    /// Asks for what is new about this account, unless somebody has asked already or it is too early.
    pub(crate) fn fetch_lists(&mut self, t: &mut Turn<'_>, account: AccountId) {
        let after = self.directory.get(account).map_or(0, |p| p.list.version());
        let inquiry = self.directory.inquiries.entry(account).or_default();
        if inquiry.busy || t.now < inquiry.retry_at {
            return;
        }
        inquiry.busy = true;
        inquiry.look_at = 0;
        inquiry.asked = inquiry.wanted;
        self.ask_lists(t, account, after);
    }

    /// Something came from a device that is not in the known list. An answer that is already due may be older than that.
    pub(crate) fn fetch_lists_anew(&mut self, t: &mut Turn<'_>, account: AccountId) {
        let inquiry = self.directory.inquiries.entry(account).or_default();
        inquiry.again = inquiry.busy;
        self.fetch_lists(t, account);
    }

    /// Something waits for this account to have devices again. The relay tells of that only whom it has lately seen dealing with it.
    pub(crate) fn look_again(&mut self, t: &Turn<'_>, account: AccountId) {
        let inquiry = self.directory.inquiries.entry(account).or_default();
        if inquiry.look_at == 0 {
            inquiry.look_at = t.now.saturating_add(LOOK_MS);
        }
    }

    fn ask_lists(&mut self, t: &mut Turn<'_>, account: AccountId, after: u64) {
        let path = format!("/v1/accounts/{account}/device-lists?after={after}");
        t.get(Ask::Lists { account, after }, path);
    }

    pub(crate) fn lists_answered(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        after: u64,
        answer: Answer,
    ) {
        if let Some(inquiry) = self.directory.inquiries.get_mut(&account) {
            inquiry.busy = false;
        }
        let lists: DeviceLists = match parse(answer) {
            Ok(lists) => lists,
            Err(failure) if failure.code() == Some(ProblemCode::AccountUnknown) => {
                return self.account_gone(t, account);
            }
            Err(failure) => {
                let problem = failure.problem(t.now);
                return self.lists_failed(t, account, problem, failure.retry_after());
            }
        };
        let pinned = (account == self.me.account).then_some(self.me.key);
        let known = self.directory.get(account);
        match judge(account, known, pinned.as_ref(), after, &lists, t.now) {
            Ok(News::AskForAll) => {
                if let Some(inquiry) = self.directory.inquiries.get_mut(&account) {
                    inquiry.busy = true;
                }
                self.ask_lists(t, account, 0);
            }
            Ok(News::Now {
                person,
                key_changed,
                more,
            }) => self.lists_news(t, account, *person, key_changed, more),
            Err(Distrust::Nonsense) => {
                self.lists_failed(t, account, Problem::RelayMisbehaved, None);
            }
            Err(Distrust::Refused) => self.lists_refused(t, account),
        }
    }

    fn lists_news(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        mut person: Person,
        key_changed: bool,
        more: bool,
    ) {
        let before = self.directory.people.remove(&account);
        // Names never change, and nobody signs them: a relay that gave a verified person another's name would send what is meant for one to
        // the other.
        if let Some(before) = &before {
            person.username.clone_from(&before.username);
        }
        let version = person.list.version();
        let added = before.as_ref().is_some_and(|before| {
            person
                .device_ids()
                .any(|id| before.device(id).is_none() && id != self.me.device)
        });
        for device in before.iter().flat_map(Person::device_ids) {
            // What a departed device sent before may still wait for its session.
            if key_changed || person.sender(device).is_none() {
                self.sessions.remove(t, (account, device));
            }
        }
        let unchanged = !key_changed
            && before.is_some_and(|b| {
                b.list.version() == version && b.username == person.username && !b.refused
            });
        if !unchanged {
            person.store(t, account);
        }
        let key = person.key;
        let gone = account == self.me.account && person.device(self.me.device).is_none();
        self.directory.people.insert(account, person);
        if gone {
            self.removed = true;
            return;
        }
        // A key that was verified on another device before this one knew any.
        let contradicts = self.conversations.get(&account).is_some_and(|c| {
            c.verified
                .as_ref()
                .is_some_and(|v| *v.key != key.as_bytes()[..])
        });
        if key_changed || contradicts {
            self.key_changed(t, account, false);
        }
        let inquiry = self.directory.inquiries.entry(account).or_default();
        let again = std::mem::take(&mut inquiry.again);
        if more || again || (inquiry.wanted > version && inquiry.wanted > inquiry.asked) {
            inquiry.busy = true;
            inquiry.asked = inquiry.wanted;
            return self.ask_lists(t, account, version);
        }
        if inquiry.wanted > version {
            // The relay spoke of a list that it does not show: what it shows counts, and it is not asked again at once.
            inquiry.wanted = version;
            inquiry.retry_at = t.now.saturating_add(pause(inquiry.attempts));
            inquiry.attempts = inquiry.attempts.saturating_add(1);
        } else {
            inquiry.attempts = 0;
            inquiry.retry_at = 0;
        }
        let calls = std::mem::take(&mut inquiry.calls);
        for call in calls {
            self.open_known(t, call, account);
        }
        if account == self.me.account {
            if added {
                self.introduce_contacts(t);
            }
            self.removal_goes_on(t);
        }
        self.unpark(t, account);
        self.pump(t);
    }

    fn lists_failed(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        problem: Problem,
        retry_after: Option<u64>,
    ) {
        let inquiry = self.directory.inquiries.entry(account).or_default();
        let pause = pause(inquiry.attempts).max(retry_after.unwrap_or(0));
        inquiry.attempts = inquiry.attempts.saturating_add(1);
        inquiry.retry_at = t.now.saturating_add(pause);
        for call in std::mem::take(&mut inquiry.calls) {
            t.reply::<()>(call, Err(problem.clone()));
        }
        if account == self.me.account {
            self.removal_fails(t, &problem);
        }
    }

    /// What the relay showed does not follow from what was known: nothing is sent to these keys, and what came from them is not read.
    fn lists_refused(&mut self, t: &mut Turn<'_>, account: AccountId) {
        self.lists_failed(t, account, Problem::KeysRefused, None);
        t.event(Event::Problem {
            problem: Problem::KeysRefused,
        });
        if let Some(person) = self.directory.people.get_mut(&account) {
            person.refused = true;
            person.store(t, account);
        }
        self.drop_parked(t, account);
        self.fail_all_to(t, account, &Problem::KeysRefused);
    }

    fn account_gone(&mut self, t: &mut Turn<'_>, account: AccountId) {
        self.lists_failed(t, account, Problem::PersonUnknown, None);
        self.drop_parked(t, account);
        self.fail_all_to(t, account, &Problem::PersonUnknown);
    }

    /// Questions that failed are asked again when their time has come, if anything still depends on them.
    pub(crate) fn retry_lists(&mut self, t: &mut Turn<'_>) {
        let due: Vec<AccountId> = self
            .directory
            .inquiries
            .iter()
            .filter(|(account, inquiry)| {
                inquiry.due().is_some_and(|at| t.now >= at)
                    && (self.outbox.waits_for(**account) || self.inbox.waits_for(**account))
            })
            .map(|(account, _)| *account)
            .collect();
        for account in due {
            self.fetch_lists(t, account);
        }
    }

    pub(crate) fn lists_wake_at(&self) -> Option<u64> {
        self.directory
            .inquiries
            .iter()
            .filter(|(account, _)| {
                self.outbox.waits_for(**account) || self.inbox.waits_for(**account)
            })
            .filter_map(|(_, inquiry)| inquiry.due())
            .min()
    }

    /// A new connection: what was asked on the old one will not be answered.
    pub(crate) fn forget_inquiries(&mut self) {
        for inquiry in self.directory.inquiries.values_mut() {
            inquiry.retry_at = 0;
            inquiry.attempts = 0;
        }
    }

    /// The mailbox has been emptied: nothing of devices that had left before this connection can come any more.
    pub(crate) fn forget_departed(&mut self, t: &mut Turn<'_>, learned_before: u64) {
        let mut gone = Vec::new();
        for (account, person) in &mut self.directory.people {
            if person.departed.is_empty() {
                continue;
            }
            let before: Vec<_> = person
                .departed
                .iter()
                .map(|d| d.certificate.device())
                .collect();
            if person.forget_departed(learned_before, t.now) {
                person.store(t, *account);
                gone.extend(
                    before
                        .into_iter()
                        .map(device_id)
                        .filter(|device| person.sender(*device).is_none())
                        .map(|device| (*account, device)),
                );
            }
        }
        for device in gone {
            self.sessions.remove(t, device);
        }
    }
}
