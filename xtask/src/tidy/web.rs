//! The web client's inner edges, and the absence of HTML strings.

use super::{Complaint, SourceFile};

/// For each folder of `web/src`, the folders that it may import: `components → state → bridge`, never back.
const EDGES: [(&str, &[&str]); 3] = [
    (
        "components",
        &["components", "state", "paraglide", "generated", "styles"],
    ),
    ("state", &["state", "bridge", "paraglide", "generated"]),
    ("bridge", &["bridge", "generated", "worker"]),
];

/// Folders that the rules are about.
const FOLDERS: [&str; 4] = ["components", "state", "bridge", "worker"];

/// Every way to make HTML of a string, or a style that the policy blocks.
const HTML: [(&str, &str); 6] = [
    ("innerHTML", "HTML strings are not for rendering"),
    ("outerHTML", "HTML strings are not for rendering"),
    ("insertAdjacentHTML", "HTML strings are not for rendering"),
    ("{@html", "HTML strings are not for rendering"),
    ("document.write", "HTML strings are not for rendering"),
    ("srcdoc", "HTML strings are not for rendering"),
];

/// A folder imports only the folders that it may.
pub fn edges(source: &SourceFile) -> Vec<Complaint> {
    let Some(rest) = source.path.strip_prefix("web/src/") else {
        return Vec::new();
    };
    let Some((folder, _)) = rest.split_once('/') else {
        return Vec::new();
    };
    if source.is_test() {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for import in imports(&source.text) {
        let Some(target) = target_folder(rest, import.path) else {
            continue;
        };
        // The worker is the other side of a message channel: it shares the bridge's message types and nothing else.
        let allowed = if folder == "worker" {
            ["worker", "generated", "bridge"].contains(&target.as_str())
        } else {
            EDGES
                .iter()
                .find(|(name, _)| *name == folder)
                .is_none_or(|(_, allowed)| allowed.contains(&target.as_str()))
        };
        let types_of_next = import.only_types && folder == "components" && target == "bridge";
        if FOLDERS.contains(&target.as_str()) && !allowed && !types_of_next {
            complaints.push(format!(
                "{}: {folder} may not import {target} ({})",
                source.path, import.path
            ));
        }
    }
    complaints
}

/// Text is rendered by components.
pub fn html(source: &SourceFile) -> Vec<Complaint> {
    if !source.is_under("web/src") {
        return Vec::new();
    }
    let mut complaints: Vec<Complaint> = HTML
        .iter()
        .filter(|(word, _)| source.text.contains(word))
        .map(|(word, why)| format!("{}: {word}: {why}", source.path))
        .collect();
    if source.path.ends_with(".svelte") && has_fixed_style(&source.text) {
        complaints.push(format!(
            "{}: a fixed style attribute is blocked by the content security policy; use style: directives or a class",
            source.path
        ));
    }
    complaints
}

/// An attribute with a value inside is set through the style object, which the policy allows, and a component's property
/// that is called so is no attribute.
fn has_fixed_style(markup: &str) -> bool {
    markup.match_indices(" style=\"").any(|(at, lead)| {
        let before = markup.get(..at).unwrap_or_default();
        let tag = before.rsplit('<').next().unwrap_or_default();
        let is_element = tag.starts_with(|c: char| c.is_ascii_lowercase());
        let value = markup.get(at + lead.len()..).unwrap_or_default();
        let value = value.split('"').next().unwrap_or_default();
        is_element && !value.contains('{')
    })
}

struct Import<'a> {
    path: &'a str,
    only_types: bool,
}

/// Relative imports: `from './x'`, `import './x'`, `import('./x')`, `new URL('./x', …)`.
fn imports(text: &str) -> Vec<Import<'_>> {
    let mut imports = Vec::new();
    for quote in ['\'', '"'] {
        for (at, _) in text.match_indices(&format!("{quote}.")) {
            let before = text.get(..at).unwrap_or_default();
            let Some(path) = text.get(at + 1..).and_then(|rest| rest.split(quote).next()) else {
                continue;
            };
            let lead = before.trim_end();
            let is_import = lead.ends_with("from")
                || lead.ends_with("import")
                || lead.ends_with("import(")
                || lead.ends_with("URL(");
            if !is_import || path.contains(char::is_whitespace) {
                continue;
            }
            let statement = before.rsplit(';').next().unwrap_or_default();
            let only_types = lead.ends_with("from")
                && statement
                    .rsplit("import")
                    .next()
                    .is_some_and(|names| names.trim_start().starts_with("type "));
            imports.push(Import { path, only_types });
        }
    }
    imports
}

/// The folder below `web/src` that a relative import of the file `from` leads to.
fn target_folder(from: &str, import: &str) -> Option<String> {
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in import.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                folders.pop()?;
            }
            name => folders.push(name),
        }
    }
    (folders.len() > 1).then(|| folders.first().map(|name| (*name).to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::super::source::samples::file;
    use super::*;

    fn found(path: &str, code: &str) -> usize {
        edges(&file(path, code)).len()
    }

    #[test]
    fn never_back() {
        assert_eq!(
            found(
                "web/src/bridge/bridge.ts",
                "import { chats } from '../state/chats';"
            ),
            1
        );
        assert_eq!(
            found(
                "web/src/state/chats.svelte.ts",
                "import Chat from \"../components/chat/Chat.svelte\";"
            ),
            1
        );
        assert_eq!(
            found(
                "web/src/worker/worker.ts",
                "import { chats } from '../state/chats';"
            ),
            1
        );
    }

    #[test]
    fn components_go_through_the_state() {
        let path = "web/src/components/chat/Chat.svelte";
        assert_eq!(
            found(path, "import { call } from '../../bridge/bridge';"),
            1
        );
        assert_eq!(
            found(
                path,
                "const w = new URL('../../worker/worker.ts', import.meta.url)"
            ),
            1
        );
        assert_eq!(
            found(path, "const later = await import('../../bridge/bridge');"),
            1
        );
        assert_eq!(
            found(path, "import type { Bridge } from '../../bridge/bridge';"),
            0
        );
        assert_eq!(
            found(
                path,
                "import { chats } from '../../state/chats';\nimport Bubble from './Bubble.svelte';\nimport { m } from '../../paraglide/messages';"
            ),
            0
        );
    }

    #[test]
    fn the_root_puts_the_parts_together() {
        assert_eq!(
            found(
                "web/src/main.ts",
                "import { connect } from './bridge/connect';\nimport App from './components/App.svelte';"
            ),
            0
        );
    }

    #[test]
    fn no_html_strings() {
        let found = |code: &str| html(&file("web/src/components/A.svelte", code)).len();
        assert_eq!(found("element.innerHTML = text;"), 1);
        assert_eq!(found("<p>{@html text}</p>"), 1);
        assert_eq!(found("<p style=\"color: red\">x</p>"), 1);
        assert_eq!(found("<p style=\"--level: {level}\">x</p>"), 0);
        assert_eq!(found("<span><Time style=\"list\" /></span>"), 0);
        assert_eq!(found("<p style:color={color}>{text}</p>"), 0);
    }
}
