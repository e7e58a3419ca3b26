//! What a user interface is told without having asked.

use super::{boundary, problem::Problem, view::*};

boundary! {
    /// Something changed. A user interface's state is a projection of these and of replies.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum Event {
        /// Signed in or out.
        Account { account: AccountView },
        /// The connection.
        Connection { connection: ConnectionView },
        /// A conversation is new or changed.
        Conversation { conversation: ConversationView },
        /// A message is new or changed. `arrived`: it came in just now, and may be announced.
        Message { message: MessageView, arrived: bool },
        /// A message was taken out.
        MessageRemoved { conversation: String, id: String },
        /// Something went wrong that no command stands for.
        Problem { problem: Problem },
    }
}
