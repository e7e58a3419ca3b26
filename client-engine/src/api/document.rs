//! Message text as a tree, parsed from Markdown; rendered as components, never as HTML.

use super::boundary;

boundary! {
    /// A block of text.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum Block {
        /// A paragraph.
        Paragraph { inlines: Vec<Inline> },
        /// A heading, level 1 to 6.
        Heading { level: u8, inlines: Vec<Inline> },
        /// A quotation.
        Quote { blocks: Vec<Block> },
        /// A list; `start` where it is numbered.
        List { start: Option<u32>, items: Vec<Vec<Block>> },
        /// Code, with the language that its fence names.
        Code { language: Option<String>, text: String },
        /// A thematic break.
        Rule,
    }

    /// A run within a block.
    #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
    pub enum Inline {
        /// Plain text.
        Text { text: String },
        /// A line break, as typed.
        LineBreak,
        /// Strong.
        Strong { inlines: Vec<Inline> },
        /// Emphasis.
        Emphasis { inlines: Vec<Inline> },
        /// Struck out.
        Strikethrough { inlines: Vec<Inline> },
        /// Code within text.
        Code { text: String },
        /// A link with scheme http, https or mailto. `misleading`: its text looks like another address; ask before opening.
        Link { href: String, misleading: bool, inlines: Vec<Inline> },
    }
}
