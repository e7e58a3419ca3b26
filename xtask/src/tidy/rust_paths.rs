//! The paths that Rust code names below a root such as `crate`, with use-trees spelt out.

/// Every path in `code` that starts with `root::`, without the root: `use crate::{a::b, c}` names `a::b` and `c`.
pub fn below(root: &str, code: &str) -> Vec<String> {
    let start = format!("{root}::");
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(&start) {
        let before = rest.get(..at).unwrap_or_default().chars().next_back();
        let after = rest.get(at + start.len()..).unwrap_or_default();
        if !before.is_some_and(is_word) {
            tree(after, "", &mut paths);
        }
        rest = after;
    }
    paths
}

/// Reads one use-tree and returns what follows it.
fn tree<'a>(text: &'a str, prefix: &str, paths: &mut Vec<String>) -> &'a str {
    let mut path = prefix.to_owned();
    let mut rest = text.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            return group(inside, &path, paths);
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        path.push_str(word);
        if let Some(after) = after.strip_prefix("::") {
            path.push_str("::");
            rest = after.trim_start();
            continue;
        }
        paths.push(path);
        return after;
    }
}

/// Reads the trees between braces and returns what follows them.
fn group<'a>(text: &'a str, prefix: &str, paths: &mut Vec<String>) -> &'a str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '*');
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        if rest.is_empty() {
            return rest;
        }
        let before = rest.len();
        rest = tree(rest, prefix, paths);
        // `a as b`, or something that is no use-tree at all.
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || is_word(c));
        if rest.len() == before {
            return rest;
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn use_trees_are_spelt_out() {
        let code = "use crate::{\n    domain::{Delivery, error::Error as E},\n    store::sqlite,\n};\nuse crate::bus;";
        assert_eq!(
            below("crate", code),
            [
                "domain::Delivery",
                "domain::error::Error",
                "store::sqlite",
                "bus"
            ]
        );
    }

    #[test]
    fn paths_in_expressions_count() {
        assert_eq!(
            below("crate", "let a = crate::app::start(crate::x::Y { z: 1 });"),
            ["app::start", "x::Y"]
        );
        assert_eq!(below("crate", "my_crate::a"), [""; 0]);
    }

    #[test]
    fn what_is_no_use_tree_ends() {
        below("crate", "crate::{{{{");
        below("crate", "crate::{a b % c}");
        below("crate", "crate::");
    }
}
