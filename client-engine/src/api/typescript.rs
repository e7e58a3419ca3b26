//! TypeScript definitions of this boundary, as one module's text.

use std::fmt::Write as _;

use ts_rs::{Config, TS};

use super::{command, document, event, problem, view};

/// The whole module: every type, and `CommandReplies`, the reply of each command by its tag.
pub fn typescript() -> String {
    let config = Config::default();
    let mut out = String::from("// Generated from client-engine/src/api. Do not edit.\n\n");
    macro_rules! declare {
        ($($type:ty),* $(,)?) => { $(let _ = writeln!(out, "export {}\n", <$type as TS>::decl(&config));)* };
    }
    declare!(
        problem::Problem,
        document::Block,
        document::Inline,
        view::AccountView,
        view::ConnectionView,
        view::PersonView,
        view::VerificationView,
        view::VerificationMethod,
        view::Standing,
        view::ConversationView,
        view::Preview,
        view::MessageView,
        view::MessageBody,
        view::MessageState,
        view::Notice,
        view::HistoryView,
        view::SafetyView,
        view::Comparison,
        view::DeviceView,
        view::RelayView,
        view::RegistrationView,
        command::Command,
        event::Event,
    );
    out.push_str("export type CommandReplies = {\n");
    for (command, reply) in command::replies(&config) {
        let _ = writeln!(out, "  {}: {reply};", snake_case(command));
    }
    out.push_str("};\n");
    out
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_name_that_is_used_is_declared() {
        let text = super::typescript();
        for name in ["ConversationView", "Problem", "Block", "Command", "Event"] {
            assert!(
                text.contains(&format!("export type {name} =")),
                "{name} is missing in\n{text}"
            );
        }
        assert!(text.contains("register: string;"));
        assert!(text.contains("search_people: Array<PersonView>;"), "{text}");
        assert!(!text.contains("bigint"), "{text}");
    }
}
