//! The repository's text files.

use std::{fs, path::Path};

use crate::{process::Failure, workspace};

/// A text file.
pub struct SourceFile {
    /// From the repository's root, with `/` between folders.
    pub path: String,
    pub text: String,
}

/// Folders that hold nothing of ours, by name.
const FOREIGN_FOLDERS: [&str; 12] = [
    ".git",
    "target",
    "node_modules",
    "dist",
    "generated",
    "paraglide",
    "data",
    "test-results",
    "playwright-report",
    "corpus",
    "artifacts",
    "cache",
];

/// What is read, by the end of the name.
const TEXT_ENDS: [&str; 11] = [
    ".rs", ".toml", ".md", ".ts", ".js", ".svelte", ".css", ".html", ".json", ".sql", ".yml",
];

/// Every text file of ours.
pub fn of_repository() -> Result<Vec<SourceFile>, Failure> {
    let mut sources = Vec::new();
    let root = workspace::root();
    collect(&root, &root, &mut sources)?;
    Ok(sources)
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<SourceFile>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("read", folder, &error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !FOREIGN_FOLDERS.contains(&name.as_str()) {
                collect(root, &path, sources)?;
            }
        } else if TEXT_ENDS.iter().any(|end| name.ends_with(end)) && name != "package-lock.json" {
            // A file that went away while this tool was looking is nothing to complain about.
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let path = path.strip_prefix(root).unwrap_or(&path);
            let path = path.to_string_lossy().replace('\\', "/");
            sources.push(SourceFile { path, text });
        }
    }
    Ok(())
}

impl SourceFile {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn is_under(&self, folder: &str) -> bool {
        self.path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether all of it is test code.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let folders: Vec<&str> = self.path.split('/').collect();
        folders.contains(&"tests")
            || folders.contains(&"benches")
            || folders.contains(&"e2e")
            || name == "tests.rs"
            || name.ends_with(".test.ts")
            || name.ends_with(".svelte.test.ts")
    }

    /// The lines up to the test module, for Rust; all lines otherwise.
    pub fn lines_without_tests(&self) -> impl Iterator<Item = &str> {
        let is_rust = self.is_rust();
        self.text
            .lines()
            .take_while(move |line| !(is_rust && *line == "#[cfg(test)]"))
    }

    /// [`Self::lines_without_tests`] without comments that take whole lines.
    pub fn code(&self) -> String {
        let mut code = String::new();
        for line in self.lines_without_tests() {
            let start = line.trim_start();
            let is_comment =
                start.starts_with("//") || start.starts_with("* ") || start.starts_with("/*");
            if !is_comment {
                code.push_str(line);
                code.push('\n');
            }
        }
        code
    }
}

#[cfg(test)]
pub mod samples {
    use super::SourceFile;

    /// A file for a test of a rule.
    pub fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::file;

    #[test]
    fn code_has_neither_comments_nor_tests() {
        let source = file(
            "a/src/lib.rs",
            "//! Doc\nuse a::b; // why\n    // comment\nfn f() {}\n#[cfg(test)]\nmod tests { use c; }\n",
        );
        assert_eq!(source.code(), "use a::b; // why\nfn f() {}\n");
    }

    #[test]
    fn folders_match_as_wholes() {
        assert!(file("web/src/a.ts", "").is_under("web/src"));
        assert!(!file("web/src-old/a.ts", "").is_under("web/src"));
    }
}
