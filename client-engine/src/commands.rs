//! Commands of somebody who is signed in: parses their texts, hands them on, answers what can be answered at once.

use serde::Serialize;
use sotto_protocol::{AccountId, DeviceId, MessageId};

use crate::{
    api::{command::Command, problem::Problem, view::Standing},
    home::Home,
    host::CallId,
    turn::Turn,
};

fn account(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| Problem::Unknown)
}

fn message(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| Problem::Unknown)
}

impl Home {
    pub(crate) fn command(&mut self, t: &mut Turn<'_>, call: CallId, command: Command) {
        if let Err(problem) = self.try_command(t, call, command) {
            t.reply::<()>(call, Err(problem));
        }
    }

    fn try_command(
        &mut self,
        t: &mut Turn<'_>,
        call: CallId,
        command: Command,
    ) -> Result<(), Problem> {
        match command {
            Command::ConfirmRecoveryKey { words } => {
                return self.confirm_recovery_key(t, call, &words);
            }
            Command::RecoveryKey {} => answer(t, call, self.recovery_words()?),
            Command::SignOut {} => {
                let device = self.me.device;
                self.remove_device(t, call, device);
            }
            Command::Devices {} => answer(t, call, self.devices()),
            Command::RemoveDevice { device } => {
                let device: DeviceId = device.parse().map_err(|_| Problem::Unknown)?;
                self.remove_device(t, call, device);
            }
            Command::SearchPeople { prefix } => self.search(t, call, &prefix),
            Command::OpenConversation { account: id } => {
                let id = id.parse().map_err(|_| Problem::PersonUnknown)?;
                self.open_conversation(t, call, id);
            }
            Command::Conversations {} => answer(t, call, self.all_conversations()),
            Command::AcceptRequest { conversation } | Command::Unblock { conversation } => {
                let done = self.decide(t, account(&conversation)?, Standing::Accepted);
                answer(t, call, done?);
            }
            Command::Block { conversation } => {
                let done = self.decide(t, account(&conversation)?, Standing::Blocked);
                answer(t, call, done?);
            }
            command => return self.try_message_command(t, call, command),
        }
        Ok(())
    }

    fn try_message_command(
        &mut self,
        t: &mut Turn<'_>,
        call: CallId,
        command: Command,
    ) -> Result<(), Problem> {
        match command {
            Command::Send {
                conversation,
                id,
                text,
            } => {
                let (with, id) = (account(&conversation)?, message(&id)?);
                if let Some(view) = self.send(t, call, with, id, text)? {
                    answer(t, call, view);
                }
            }
            Command::Retry { conversation, id } => {
                let done = self.retry(t, account(&conversation)?, message(&id)?);
                answer(t, call, done?);
            }
            Command::Discard { conversation, id } => {
                let done = self.discard(t, account(&conversation)?, message(&id)?);
                answer(t, call, done?);
            }
            Command::History {
                conversation,
                before,
                from,
                limit,
            } => {
                let (before, from) = (before.as_deref(), from.as_deref());
                self.open_window(t, call, account(&conversation)?, before, from, limit)?;
            }
            Command::MarkRead {
                conversation,
                through,
            } => {
                let done = self.mark_read(t, account(&conversation)?, &through);
                answer(t, call, done?);
            }
            Command::SetDraft { conversation, text } => {
                let done = self.set_draft(t, account(&conversation)?, text);
                answer(t, call, done?);
            }
            Command::Typing { conversation } => {
                let done = self.typing(t, account(&conversation)?);
                answer(t, call, done?);
            }
            Command::Safety { conversation } => {
                let safety = self.safety(account(&conversation)?)?;
                answer(t, call, safety);
            }
            Command::CompareCode {
                conversation,
                code,
                method,
            } => {
                let compared = self.compare(t, account(&conversation)?, &code, method);
                answer(t, call, compared?);
            }
            Command::WithdrawVerification { conversation } => {
                let done = self.withdraw(t, account(&conversation)?);
                answer(t, call, done?);
            }
            // Entering, while somebody is signed in.
            _ => return Err(Problem::Internal),
        }
        Ok(())
    }
}

fn answer<T: Serialize>(t: &mut Turn<'_>, call: CallId, value: T) {
    t.reply(call, Ok(value));
}
