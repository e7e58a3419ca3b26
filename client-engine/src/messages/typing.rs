//! "Is typing": relayed to those connected, never stored, worth nothing later (PROTOCOL.md sections 6 and 8).

use sotto_crypto_core::session::RemoteDevice;
use sotto_protocol::{
    AccountId, DeviceId,
    socket::{ClientFrame, Envelope, Ephemeral},
};

use crate::{
    api::{problem::Problem, view::Standing},
    home::Home,
    messages::content::Body,
    sessions::store::Reading,
    turn::Turn,
};

/// Not more often.
const EVERY_MS: u64 = 3_000;
/// Shown so long after the last notice.
const SHOWN_MS: u64 = 6_000;

impl Home {
    pub(crate) fn typing(&mut self, t: &mut Turn<'_>, account: AccountId) -> Result<(), Problem> {
        let conversation = self
            .conversations
            .get_mut(&account)
            .ok_or(Problem::Unknown)?;
        let quiet = conversation.standing != Standing::Accepted
            || conversation.broken()
            || t.now < conversation.typed_at.saturating_add(EVERY_MS);
        if quiet || !t.online() {
            return Ok(());
        }
        let Some(person) = self.directory.current(account).filter(|p| !p.refused) else {
            return Ok(());
        };
        conversation.typed_at = t.now;
        let plaintext = Body::Typing {}.encode();
        let devices: Vec<DeviceId> = person.device_ids().collect();
        let mut envelopes = Vec::new();
        for device in devices {
            if self.sessions.ready((account, device))
                && self.sessions.spend_typing((account, device))
                && let Some(body) = self.sessions.encrypt(t, (account, device), &plaintext)
            {
                envelopes.push(Envelope {
                    device,
                    body: body.into(),
                });
            }
        }
        if !envelopes.is_empty() {
            t.frame(&ClientFrame::Ephemeral(Ephemeral {
                to: account,
                envelopes,
            }));
        }
        Ok(())
    }

    /// From a connected device. What can't be opened is simply nothing.
    pub(crate) fn ephemeral(
        &mut self,
        t: &mut Turn<'_>,
        from: AccountId,
        device: DeviceId,
        body: &[u8],
    ) {
        let accepted = self
            .conversations
            .get(&from)
            .is_some_and(|c| c.standing == Standing::Accepted);
        let remote = self.directory.get(from).and_then(|person| {
            Some(RemoteDevice {
                account_key: person.key,
                certificate: person.device(device)?.clone(),
            })
        });
        let (true, Some(remote)) = (accepted, remote) else {
            return;
        };
        let (local, prekeys) = (&self.me.local, &self.prekeys);
        let address = (from, device);
        let reading = self
            .sessions
            .open(address, local, &remote, prekeys, body, t);
        let Reading::Opened {
            plaintext, used, ..
        } = reading
        else {
            return;
        };
        self.prekeys.consume(t, used);
        if matches!(Body::decode(&plaintext), Ok(Body::Typing {}))
            && let Some(conversation) = self.conversations.get_mut(&from)
        {
            if conversation.typing_until.is_none() {
                t.changed.insert(from);
            }
            conversation.typing_until = Some(t.now.saturating_add(SHOWN_MS));
        }
    }

    pub(crate) fn typing_wake_at(&self) -> Option<u64> {
        self.conversations
            .values()
            .filter_map(|c| c.typing_until)
            .min()
    }

    pub(crate) fn typing_ends(&mut self, t: &mut Turn<'_>) {
        for (account, conversation) in &mut self.conversations {
            if conversation
                .typing_until
                .is_some_and(|until| t.now >= until)
            {
                conversation.typing_until = None;
                t.changed.insert(*account);
            }
        }
    }
}
