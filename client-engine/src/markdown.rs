//! Message text (Markdown) as the tree of [`api::document`](crate::api::document): no HTML, bounded depth, honest links.
//!
//! HTML in a message is text like any other. Images become links. Only http, https and mailto may be linked; a link whose text
//! looks like another address, or whose address has a user name before its host, is marked `misleading`. Line breaks are kept as typed.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use crate::api::document::{Block, Inline};

/// Blocks within blocks and runs within runs; deeper ones are shown as if they stood less deep.
const DEPTH_MAX: usize = 12;

/// Parses a message's text.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let options = Options::ENABLE_STRIKETHROUGH;
    let mut builder = Builder::default();
    for event in TextMergeStream::new(Parser::new_ext(text, options)) {
        builder.event(event);
    }
    builder.finish()
}

/// The text in one line, without marks.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    // A preview needs the beginning only.
    let head: String = text.chars().take(2_000).collect();
    for event in Parser::new_ext(&head, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                out.push_str(&text);
            }
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock,
            ) => {
                out.push(' ');
            }
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Something that is open.
enum Open {
    Paragraph(Vec<Inline>),
    Heading(u8, Vec<Inline>),
    Quote(Vec<Block>),
    List(Option<u32>, Vec<Vec<Block>>),
    Item(Vec<Block>),
    Code(Option<String>, String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Strikethrough(Vec<Inline>),
    Link(String, Vec<Inline>),
    /// Too deep, or of no meaning here: its contents go to what is around it.
    Nothing,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    blocks: Vec<Block>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.end(),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => self.inline(Inline::Code {
                text: text.into_string(),
            }),
            Event::SoftBreak | Event::HardBreak => self.inline(Inline::LineBreak),
            Event::Rule => self.block(Block::Rule),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let open = match tag {
            Tag::Paragraph | Tag::HtmlBlock => Open::Paragraph(Vec::new()),
            Tag::Heading { level, .. } => Open::Heading(level as u8, Vec::new()),
            Tag::CodeBlock(CodeBlockKind::Fenced(language)) => {
                let language = language.split_whitespace().next().map(str::to_owned);
                Open::Code(language, String::new())
            }
            Tag::CodeBlock(CodeBlockKind::Indented) => Open::Code(None, String::new()),
            _ if self.open.len() >= DEPTH_MAX => Open::Nothing,
            Tag::BlockQuote(_) => Open::Quote(Vec::new()),
            Tag::List(start) => Open::List(
                start.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
                Vec::new(),
            ),
            Tag::Item => Open::Item(Vec::new()),
            Tag::Strong => Open::Strong(Vec::new()),
            Tag::Emphasis => Open::Emphasis(Vec::new()),
            Tag::Strikethrough => Open::Strikethrough(Vec::new()),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => match allowed(&dest_url) {
                Some(href) => Open::Link(href, Vec::new()),
                None => Open::Nothing,
            },
            _ => Open::Nothing,
        };
        self.open.push(open);
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Paragraph(inlines)) => {
                let inlines = trimmed(inlines);
                if !inlines.is_empty() {
                    self.block(Block::Paragraph { inlines });
                }
            }
            Some(Open::Heading(level, inlines)) => self.block(Block::Heading { level, inlines }),
            Some(Open::Quote(blocks)) => self.block(Block::Quote { blocks }),
            Some(Open::List(start, items)) => self.block(Block::List { start, items }),
            Some(Open::Item(blocks)) => match self.open.last_mut() {
                Some(Open::List(_, items)) => items.push(blocks),
                _ => blocks.into_iter().for_each(|block| self.block(block)),
            },
            Some(Open::Code(language, mut text)) => {
                if text.ends_with('\n') {
                    text.pop();
                }
                self.block(Block::Code { language, text });
            }
            Some(Open::Strong(inlines)) => self.inline(Inline::Strong { inlines }),
            Some(Open::Emphasis(inlines)) => self.inline(Inline::Emphasis { inlines }),
            Some(Open::Strikethrough(inlines)) => self.inline(Inline::Strikethrough { inlines }),
            Some(Open::Link(href, inlines)) => {
                let misleading = misleads(&text_of(&inlines), &href);
                self.inline(Inline::Link {
                    href,
                    misleading,
                    inlines,
                });
            }
            Some(Open::Nothing) | None => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(Open::Code(_, code)) = self.open.last_mut() {
            code.push_str(text);
            return;
        }
        let linking = self.open.iter().any(|open| matches!(open, Open::Link(..)));
        // HTML comes with its line ends.
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.inline(Inline::LineBreak);
            }
            if linking {
                self.push_text(line);
            } else {
                self.linkify(line);
            }
        }
    }

    /// Addresses in plain text become links.
    fn linkify(&mut self, mut rest: &str) {
        while let Some((before, address, after)) = find_address(rest) {
            self.push_text(before);
            self.inline(Inline::Link {
                href: address.to_owned(),
                misleading: misleads(address, address),
                inlines: vec![Inline::Text {
                    text: address.to_owned(),
                }],
            });
            rest = after;
        }
        self.push_text(rest);
    }

    fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Inline::Text { text: last }) = self.inlines().and_then(|i| i.last_mut()) {
            last.push_str(text);
            return;
        }
        self.inline(Inline::Text {
            text: text.to_owned(),
        });
    }

    /// The innermost run that is open.
    fn inlines(&mut self) -> Option<&mut Vec<Inline>> {
        self.open.iter_mut().rev().find_map(|open| match open {
            Open::Paragraph(inlines)
            | Open::Heading(_, inlines)
            | Open::Strong(inlines)
            | Open::Emphasis(inlines)
            | Open::Strikethrough(inlines)
            | Open::Link(_, inlines) => Some(inlines),
            _ => None,
        })
    }

    fn inline(&mut self, inline: Inline) {
        // In tight lists text stands right in the item, without a paragraph: then that is the innermost thing open.
        let innermost = self
            .open
            .iter_mut()
            .rev()
            .find(|o| !matches!(o, Open::Nothing));
        if let Some(Open::Item(blocks) | Open::Quote(blocks)) = innermost {
            match blocks.last_mut() {
                Some(Block::Paragraph { inlines }) => inlines.push(inline),
                _ => blocks.push(Block::Paragraph {
                    inlines: vec![inline],
                }),
            }
        } else if let Some(inlines) = self.inlines() {
            inlines.push(inline);
        } else {
            self.blocks.push(Block::Paragraph {
                inlines: vec![inline],
            });
        }
    }

    fn block(&mut self, block: Block) {
        let around = self.open.iter_mut().rev().find_map(|open| match open {
            Open::Quote(blocks) | Open::Item(blocks) => Some(blocks),
            _ => None,
        });
        around.unwrap_or(&mut self.blocks).push(block);
    }

    fn finish(mut self) -> Vec<Block> {
        while !self.open.is_empty() {
            self.end();
        }
        self.blocks
    }
}

/// Without line breaks at its end.
fn trimmed(mut inlines: Vec<Inline>) -> Vec<Inline> {
    while matches!(inlines.last(), Some(Inline::LineBreak)) {
        inlines.pop();
    }
    inlines
}

/// An address that may be linked.
fn allowed(href: &str) -> Option<String> {
    let href = href.trim();
    let scheme = href.split(':').next()?.to_ascii_lowercase();
    let clean = !href.chars().any(|c| c.is_control() || c.is_whitespace());
    (clean && matches!(scheme.as_str(), "http" | "https" | "mailto")).then(|| href.to_owned())
}

fn text_of(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text { text } | Inline::Code { text } => out.push_str(text),
            Inline::LineBreak => out.push(' '),
            Inline::Strong { inlines }
            | Inline::Emphasis { inlines }
            | Inline::Strikethrough { inlines }
            | Inline::Link { inlines, .. } => out.push_str(&text_of(inlines)),
        }
    }
    out
}

/// Whom an address leads to: the host, or the mail address.
fn target(address: &str) -> Option<String> {
    let lower = address.trim().to_ascii_lowercase();
    if let Some(mail) = lower.strip_prefix("mailto:") {
        return Some(mail.split('?').next()?.to_owned());
    }
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"))
        .unwrap_or(&lower);
    // What stands before an @ is a user, however much it looks like a host.
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// A web address with a user name before its host. Nobody writes these but to put another host in front of the real one.
fn names_user(href: &str) -> bool {
    let lower = href.trim().to_ascii_lowercase();
    lower
        .strip_prefix("https:")
        .or_else(|| lower.strip_prefix("http:"))
        // Browsers take any number of slashes, of either kind.
        .and_then(|rest| {
            rest.trim_start_matches(['/', '\\'])
                .split(['/', '?', '#', '\\'])
                .next()
        })
        .is_some_and(|authority| authority.contains('@'))
}

/// The text looks like an address and the link leads elsewhere, or the address itself deceives.
fn misleads(text: &str, href: &str) -> bool {
    // Letters that can't be seen, or that turn the direction, are for deceiving.
    let hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    if text.contains(hidden) || names_user(href) {
        return true;
    }
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let explicit = ["http://", "https://", "mailto:", "www."]
        .iter()
        .any(|prefix| lower.contains(prefix));
    let word = !text.is_empty() && !text.contains(char::is_whitespace);
    // example.com, a@example.com: a dot between letters, and a top-level part of letters.
    let looks = word && {
        let host = target(text).unwrap_or_default();
        host.rsplit_once('.').is_some_and(|(name, top)| {
            !name.is_empty() && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic)
        })
    };
    if explicit && !word {
        // An address among other words: compare the first.
        let address = lower
            .split_whitespace()
            .find(|w| w.contains("://") || w.starts_with("www."));
        return address.and_then(target) != target(href);
    }
    (explicit || looks) && target(text) != target(href)
}

/// The first http(s) address in a text: before, address, after.
fn find_address(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| text.find(scheme))
        .min()?;
    let (before, rest) = text.split_at_checked(start)?;
    let end = rest
        .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
        .unwrap_or(rest.len());
    let (mut address, _) = rest.split_at_checked(end)?;
    // Punctuation at the end is the sentence's; a closing bracket too, unless it was opened inside.
    loop {
        let trimmed = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        let unopened =
            trimmed.ends_with(')') && trimmed.matches('(').count() < trimmed.matches(')').count();
        let next = if unopened {
            trimmed.strip_suffix(')')?
        } else {
            trimmed
        };
        if next.len() == address.len() {
            break;
        }
        address = next;
    }
    let host = address.split_once("://").map_or("", |(_, host)| host);
    if host.is_empty() {
        return None;
    }
    let (_, after) = rest.split_at_checked(address.len())?;
    Some((before, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Inline {
        Inline::Text { text: text.into() }
    }

    #[test]
    fn line_breaks_stay_as_typed() {
        assert_eq!(
            parse("one\ntwo"),
            vec![Block::Paragraph {
                inlines: vec![text("one"), Inline::LineBreak, text("two")]
            }]
        );
    }

    #[test]
    fn html_is_text() {
        for source in ["<script>alert(1)</script>", "a <b onclick=x>b</b>"] {
            let shown = text_of(
                &parse(source)
                    .into_iter()
                    .flat_map(|block| match block {
                        Block::Paragraph { inlines } => inlines,
                        other => panic!("{other:?}"),
                    })
                    .collect::<Vec<_>>(),
            );
            assert_eq!(shown, source);
        }
    }

    fn links(source: &str) -> Vec<(String, bool)> {
        fn walk(inlines: &[Inline], out: &mut Vec<(String, bool)>) {
            for inline in inlines {
                match inline {
                    Inline::Link {
                        href, misleading, ..
                    } => out.push((href.clone(), *misleading)),
                    Inline::Strong { inlines } | Inline::Emphasis { inlines } => walk(inlines, out),
                    _ => {}
                }
            }
        }
        let mut out = Vec::new();
        for block in parse(source) {
            if let Block::Paragraph { inlines } = block {
                walk(&inlines, &mut out);
            }
        }
        out
    }

    #[test]
    fn only_harmless_schemes_are_linked() {
        for bad in [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html,hi)",
            "[x](file:///etc/passwd)",
            "[x](/relative)",
            "![x](blob:1)",
        ] {
            assert!(links(bad).is_empty(), "{bad}");
        }
        assert_eq!(
            links("see https://a.example/b_(c), ok?").first().unwrap().0,
            "https://a.example/b_(c)"
        );
        assert_eq!(
            links("(https://a.example)").first().unwrap().0,
            "https://a.example"
        );
        assert_eq!(links("<mailto:a@b.example>").len(), 1);
    }

    #[test]
    fn links_that_pretend_are_marked() {
        for bad in [
            "[https://bank.example](https://evil.example)",
            "[bank.example](https://evil.example)",
            "[www.bank.example](https://bank.example.evil.example)",
            "[https://bank.example](https://bank.example@evil.example/)",
            "[a@bank.example](mailto:a@evil.example)",
            "[go to https://bank.example now](https://evil.example)",
            "[ba\u{202e}nk](https://evil.example)",
            "[**bank.example**](https://evil.example)",
            "https://bank.example@evil.example",
            "see https://bank.example:443@evil.example/login.",
            "<HTTPS://bank.example@evil.example>",
            "[https://bank.example@evil.example](https://bank.example@evil.example)",
            "[here](https://bank.example@evil.example)",
            "[here](https:bank.example@evil.example)",
            "[here](https:/\\/bank.example@evil.example)",
            "https://bank\u{202e}.example",
        ] {
            assert_eq!(links(bad).first().map(|l| l.1), Some(true), "{bad}");
        }
        for good in [
            "[here](https://a.example)",
            "[a.example](https://www.a.example/path)",
            "[https://a.example/x](https://a.example/x)",
            "[v1.2](https://a.example)",
            "[read this](http://a.example)",
            "https://a.example/@somebody?to=a@b.example#@",
            "<mailto:a@b.example>",
        ] {
            assert_eq!(links(good).first().map(|l| l.1), Some(false), "{good}");
        }
    }

    #[test]
    fn blocks_are_recognised() {
        let blocks = parse("# T\n\n> q\n\n1. a\n2. b\n\n```rust\nfn x() {}\n```\n\n---\n");
        assert!(matches!(&blocks[0], Block::Heading { level: 1, .. }));
        assert!(matches!(&blocks[1], Block::Quote { blocks } if blocks.len() == 1));
        assert!(matches!(&blocks[2], Block::List { start: Some(1), items } if items.len() == 2));
        assert_eq!(
            blocks[3],
            Block::Code {
                language: Some("rust".into()),
                text: "fn x() {}".into()
            }
        );
        assert_eq!(blocks[4], Block::Rule);
    }

    #[test]
    fn depth_is_bounded() {
        fn depth(blocks: &[Block]) -> usize {
            blocks
                .iter()
                .map(|block| match block {
                    Block::Quote { blocks } => 1 + depth(blocks),
                    Block::List { items, .. } => {
                        1 + items.iter().map(|i| depth(i)).max().unwrap_or(0)
                    }
                    _ => 1,
                })
                .max()
                .unwrap_or(0)
        }
        for source in [">".repeat(5_000) + " deep", "- ".repeat(3_000) + "deep"] {
            let blocks = parse(&source);
            assert!(depth(&blocks) <= DEPTH_MAX + 1, "{}", depth(&blocks));
        }
        parse(&"*".repeat(60_000));
        parse(&"[".repeat(60_000));
    }

    #[test]
    fn previews_are_one_plain_line() {
        assert_eq!(
            plain("# Hi\n\n**you** and `me`\n- a\n- b"),
            "Hi you and me a b"
        );
    }
}
