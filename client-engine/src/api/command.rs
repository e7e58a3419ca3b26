//! What a user interface asks. Each command names its reply; a command fails with a [`Problem`](super::problem::Problem).

use super::view::*;

/// Defines [`Command`], the type of each reply, and the TypeScript map between the two.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident { $($field:ident : $type:ty),* $(,)? } -> $reply:ty;)*) => {
        /// A question or an order. Debug shows which one and nothing of what is in it: passwords, the recovery key, texts.
        #[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
        pub enum Command { $($(#[$doc])* $name { $($field: $type),* },)* }

        impl std::fmt::Debug for Command {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$name { .. } => stringify!($name),)* })
            }
        }

        /// The command's TypeScript name (its tag) beside its reply's.
        #[cfg(feature = "ts")]
        pub(super) fn replies(config: &ts_rs::Config) -> Vec<(&'static str, String)> {
            vec![$((stringify!($name), <$reply as ts_rs::TS>::name(config))),*]
        }
    };
}

commands! {
    /// What the relay says of itself.
    Relay {} -> RelayView;
    /// Makes an account and signs in; answers with the recovery key, twelve words, shown this once.
    Register { username: String, password: String, invitation: Option<String> } -> String;
    /// Proves that the person has kept the recovery key: opens the stored vault with it.
    ConfirmRecoveryKey { words: String } -> ();
    /// The recovery key once more, twelve words; only as long as it has not been confirmed.
    RecoveryKey {} -> String;
    /// Signs in on this browser as a new device.
    SignIn { username: String, password: String } -> ();
    /// Brings the account back with the recovery key, and sets a new password.
    Recover { username: String, words: String, password: String } -> ();
    /// Removes this device from the account and clears this browser.
    SignOut {} -> ();
    /// Own devices.
    Devices {} -> Vec<DeviceView>;
    /// Removes another device of the own account.
    RemoveDevice { device: String } -> ();

    /// People whose user name starts so; nobody for under two characters.
    SearchPeople { prefix: String } -> Vec<PersonView>;
    /// The conversation with this person, made if there was none.
    OpenConversation { account: String } -> ConversationView;
    /// All conversations, newest first.
    Conversations {} -> Vec<ConversationView>;
    /// Accepts a stranger's request.
    AcceptRequest { conversation: String } -> ();
    /// Refuses a request, or ends a conversation: nothing of theirs is shown from now on.
    Block { conversation: String } -> ();
    /// Takes that back.
    Unblock { conversation: String } -> ();

    /// Sends text. `id` is made by the caller (16 random bytes, base64url), so that asking twice sends once.
    Send { conversation: String, id: String, text: String } -> MessageView;
    /// Tries a failed message again.
    Retry { conversation: String, id: String } -> ();
    /// Takes a failed or queued message out of the conversation.
    Discard { conversation: String, id: String } -> ();
    /// Messages before (`before`), or from (`from`) an order key, or the newest.
    History { conversation: String, before: Option<String>, from: Option<String>, limit: u32 } -> HistoryView;
    /// Everything up to this order key has been seen.
    MarkRead { conversation: String, through: String } -> ();
    /// Keeps what was typed and not sent.
    SetDraft { conversation: String, text: String } -> ();
    /// The person is typing there.
    Typing { conversation: String } -> ();

    /// What to compare with this person.
    Safety { conversation: String } -> SafetyView;
    /// Compares with what was scanned (QR: bytes as base64url) or pasted, or, where the two people compared the digits themselves
    /// (aloud), with the own code as it was shown with those digits; a match verifies.
    CompareCode { conversation: String, code: String, method: VerificationMethod } -> Comparison;
    /// Takes a verification back, also after a key changed: sending works again.
    WithdrawVerification { conversation: String } -> ();

    /// Tries to connect now.
    Reconnect {} -> ();
}

#[cfg(test)]
mod tests {
    use crate::host::{CallId, Effect, EffectId, HttpRequest, HttpResponse, Input};

    use super::Command;

    #[test]
    fn debug_shows_no_contents() {
        let secret = || "opensesame".to_owned();
        let command = Command::Recover {
            username: secret(),
            words: secret(),
            password: secret(),
        };
        assert_eq!(format!("{command:?}"), "Recover");
        let call = CallId(1);
        assert_eq!(
            format!("{:?}", Input::Command { call, command }),
            "Command(Recover)"
        );
        let response = Some(HttpResponse {
            status: 200,
            body: secret().into(),
        });
        let id = EffectId(1);
        assert_eq!(format!("{:?}", Input::Http { id, response }), "Http");
        assert_eq!(
            format!("{:?}", Input::SocketFrame(secret().into())),
            "SocketFrame"
        );
        let request = HttpRequest {
            id,
            method: "GET",
            path: secret(),
            bearer: Some(secret().into()),
            body: Some(secret()),
        };
        assert_eq!(format!("{:?}", Effect::Http(request)), "Http(1, GET)");
        let result = Ok(secret().into());
        assert_eq!(format!("{:?}", Effect::Reply { call, result }), "Reply");
    }
}
