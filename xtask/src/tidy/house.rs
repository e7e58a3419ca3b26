//! How the house is kept: names, lengths, first lines, and nothing that is true on one machine only.

use std::collections::BTreeSet;

use super::{Complaint, SourceFile};

/// A guide for a file's length without its tests. A longer one says why in a line that starts with [`LONG`].
const LONGEST: usize = 400;
const LONG: &str = "// Longer than 400 lines: ";

/// Names that don't say what is inside.
const EMPTY_NAMES: [&str; 9] = [
    "util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "stuff",
];

/// Folders that exist on somebody's machine.
const MACHINE_FOLDERS: [&str; 5] = ["/home/", "/root/", "/Users/", "/work/", "/tmp/"];

/// A folder's or file's name says its job.
pub fn name(source: &SourceFile) -> Vec<Complaint> {
    source
        .path
        .split('/')
        .filter_map(|name| name.split('.').next())
        .filter(|name| {
            name.split(['-', '_'])
                .any(|word| EMPTY_NAMES.contains(&word.to_lowercase().as_str()))
        })
        .map(|name| format!("{}: {name} doesn't say what is inside", source.path))
        .collect()
}

/// A file is short, or says why not.
pub fn length(source: &SourceFile) -> Vec<Complaint> {
    let is_code = [".rs", ".ts", ".svelte", ".css", ".js"]
        .iter()
        .any(|end| source.path.ends_with(end));
    let lines = source.lines_without_tests().count();
    if !is_code || source.is_test() || lines <= LONGEST || source.text.contains(LONG) {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines; split it, or say why not in a line that starts with {LONG:?}",
        source.path
    )]
}

/// A Rust file's first line says what it is.
pub fn first_line(source: &SourceFile) -> Vec<Complaint> {
    let is_module = source.is_rust() && !source.path.starts_with("target/");
    if !is_module || source.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![format!(
        "{}: the first line is a `//!` that says what the file is",
        source.path
    )]
}

/// No path of one machine.
pub fn machine_paths(source: &SourceFile) -> Vec<Complaint> {
    // The rule and its tests name what they look for.
    if source.path == "xtask/src/tidy/house.rs" {
        return Vec::new();
    }
    MACHINE_FOLDERS
        .iter()
        .filter(|folder| {
            source.text.match_indices(**folder).any(|(at, _)| {
                // `https://example.org/home/` and `src/work/` are no paths of a machine.
                let before = source
                    .text
                    .get(..at)
                    .unwrap_or_default()
                    .chars()
                    .next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "._-}*".contains(c))
            })
        })
        .map(|folder| format!("{}: a path of one machine: {folder}", source.path))
        .collect()
}

/// A document that is referred to exists.
pub fn documents(sources: &[SourceFile]) -> Vec<Complaint> {
    let existing: BTreeSet<&str> = sources
        .iter()
        .map(|source| source.path.rsplit('/').next().unwrap_or_default())
        .filter(|name| name.ends_with(".md"))
        .collect();
    let mut complaints = Vec::new();
    for source in sources {
        // The rule's own tests refer to documents that don't exist.
        if source.path == "xtask/src/tidy/house.rs" {
            continue;
        }
        for (at, _) in source.text.match_indices(".md") {
            let after = source.text.get(at + 3..).unwrap_or_default();
            if after.starts_with(|c: char| c.is_alphanumeric()) {
                continue;
            }
            let before = source.text.get(..at).unwrap_or_default();
            let start = before
                .rfind(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)))
                .map_or(0, |at| at + 1);
            let stem = before.get(start..).unwrap_or_default();
            let name = format!("{stem}.md");
            let is_name = stem.starts_with(|c: char| c.is_alphanumeric());
            if is_name && !existing.contains(name.as_str()) {
                complaints.push(format!("{}: there is no {name}", source.path));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::source::samples::file;
    use super::*;

    #[test]
    fn names_say_something() {
        for path in [
            "a/utils.rs",
            "a/common/b.rs",
            "web/src/dateHelpers.ts",
            "a/key_manager.rs",
        ] {
            let wrong = !path.contains("dateHelpers");
            assert_eq!(!name(&file(path, "")).is_empty(), wrong, "{path}");
        }
        assert!(name(&file("a/community.rs", "")).is_empty());
    }

    #[test]
    fn files_are_short() {
        let long = "//! A file.\n".repeat(LONGEST + 1);
        assert_eq!(length(&file("a/src/b.rs", &long)).len(), 1);
        assert_eq!(length(&file("a/tests/b.rs", &long)).len(), 0);
        assert_eq!(length(&file("a.md", &long)).len(), 0);
        let reason = format!("{LONG}one table.\n{long}");
        assert_eq!(length(&file("a/src/b.rs", &reason)).len(), 0);
        let tests = format!("//! A file.\n#[cfg(test)]\n{long}");
        assert_eq!(length(&file("a/src/b.rs", &tests)).len(), 0);
    }

    #[test]
    fn first_lines_say_what_the_file_is() {
        assert_eq!(first_line(&file("a/src/b.rs", "use c;\n")).len(), 1);
        assert_eq!(
            first_line(&file("a/src/b.rs", "//! What it is.\n")).len(),
            0
        );
    }

    #[test]
    fn no_path_of_one_machine() {
        assert_eq!(machine_paths(&file("a.md", "see /home/me/x")).len(), 1);
        assert_eq!(machine_paths(&file("a.md", "`/tmp/x`")).len(), 1);
        assert_eq!(
            machine_paths(&file("a.md", "https://a.org/home/x")).len(),
            0
        );
        assert_eq!(machine_paths(&file("a.rs", "src/work/x")).len(), 0);
    }

    #[test]
    fn documents_exist() {
        let sources = [
            file("docs/PROTOCOL.md", "See THREATS.md and `README.md`."),
            file("README.md", "See docs/PROTOCOL.md."),
        ];
        assert_eq!(
            documents(&sources),
            ["docs/PROTOCOL.md: there is no THREATS.md"]
        );
    }
}
