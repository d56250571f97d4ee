//! Markdown as a tree of blocks, each with its place and its plain text.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NodeKind {
    Heading(u8),
    Paragraph,
    Quote,
    List {
        ordered: bool,
    },
    /// Ticked or not, where it is a task.
    Item {
        task: Option<bool>,
    },
    /// The declared language; empty where none is.
    Code {
        language: String,
        fenced: bool,
    },
    /// Its rows, the header first.
    Table(Vec<Vec<String>>),
    /// HTML, rules and what else there is.
    Other,
}

/// Blocks inside blocks, at most. Deeper ones stand beside their parents, as paragraphs: nobody
/// writes them, and whoever walks the tree goes down it by recursion.
const DEEPEST: usize = 64;

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// Its bytes in the source, trailing blank lines excluded.
    pub(super) range: Range<usize>,
    /// The text of its own lines without Markdown; the code of a code block.
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The text of an item or a quote: its own, else its first paragraph's.
    pub(super) fn lead(&self) -> &str {
        if self.text.trim().is_empty() {
            self.children
                .iter()
                .find(|child| child.kind == NodeKind::Paragraph)
                .map_or("", |paragraph| paragraph.text.trim())
        } else {
            self.text.trim()
        }
    }
}

/// A link with the byte where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundLink {
    pub(super) text: String,
    pub(super) target: String,
    pub(super) offset: usize,
}

/// The blocks and links of a text.
pub(super) fn parse(source: &str) -> (Vec<Node>, Vec<FoundLink>) {
    let mut tree = Tree {
        source,
        open: Vec::new(),
        roots: Vec::new(),
        links: Vec::new(),
        link: None,
    };
    let options = Options::ENABLE_TASKLISTS | Options::ENABLE_TABLES;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        tree.take(event, range);
    }
    (tree.roots, tree.links)
}

struct Tree<'a> {
    source: &'a str,
    open: Vec<Node>,
    roots: Vec<Node>,
    links: Vec<FoundLink>,
    link: Option<FoundLink>,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.link = Some(FoundLink {
                    text: String::new(),
                    target: dest_url.into_string(),
                    offset: range.start,
                });
            }
            Event::End(TagEnd::Link) => self.links.extend(self.link.take()),
            Event::Start(tag) => {
                if let Some(kind) = kind_of(&tag) {
                    self.start(kind, range);
                } else {
                    self.row_or_cell(&tag);
                }
            }
            Event::End(end) if is_block_end(end) => self.end(),
            Event::Text(text) | Event::Code(text) => self.text(&text),
            Event::SoftBreak | Event::HardBreak => self.text(" "),
            Event::TaskListMarker(done) => {
                if let Some(item) = self
                    .open
                    .iter_mut()
                    .rev()
                    .find(|node| matches!(node.kind, NodeKind::Item { .. }))
                {
                    item.kind = NodeKind::Item { task: Some(done) };
                }
            }
            Event::Rule => {
                self.start(NodeKind::Other, range);
                self.end();
            }
            _ => {}
        }
    }

    fn start(&mut self, kind: NodeKind, range: Range<usize>) {
        let text = self.source.get(range.clone()).unwrap_or_default();
        let end = range.start + text.trim_end().len();
        self.open.push(Node {
            kind,
            range: range.start..end,
            text: String::new(),
            children: Vec::new(),
        });
    }

    fn end(&mut self) {
        let Some(mut node) = self.open.pop() else {
            return;
        };
        let depth = self.open.len();
        let siblings = match self.open.last_mut() {
            Some(parent) => &mut parent.children,
            None => &mut self.roots,
        };
        if depth < DEEPEST {
            siblings.push(node);
            return;
        }
        let inside = std::mem::take(&mut node.children);
        if !matches!(node.kind, NodeKind::Code { .. } | NodeKind::Table(_)) {
            node.kind = NodeKind::Paragraph;
        }
        if node.kind != NodeKind::Paragraph || !node.text.trim().is_empty() {
            siblings.push(node);
        }
        siblings.extend(inside);
    }

    fn row_or_cell(&mut self, tag: &Tag<'_>) {
        let Some(Node {
            kind: NodeKind::Table(rows),
            ..
        }) = self.open.last_mut()
        else {
            return;
        };
        match tag {
            Tag::TableHead | Tag::TableRow => rows.push(Vec::new()),
            Tag::TableCell => {
                if let Some(row) = rows.last_mut() {
                    row.push(String::new());
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(link) = &mut self.link {
            link.text.push_str(text);
        }
        match self.open.last_mut() {
            Some(Node {
                kind: NodeKind::Table(rows),
                ..
            }) => {
                if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
                    cell.push_str(text);
                }
            }
            Some(node) => node.text.push_str(text),
            None => {}
        }
    }
}

fn kind_of(tag: &Tag<'_>) -> Option<NodeKind> {
    Some(match tag {
        Tag::Heading { level, .. } => NodeKind::Heading(*level as u8),
        Tag::Paragraph => NodeKind::Paragraph,
        Tag::BlockQuote(_) => NodeKind::Quote,
        Tag::List(start) => NodeKind::List {
            ordered: start.is_some(),
        },
        Tag::Item => NodeKind::Item { task: None },
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => NodeKind::Code {
            language: info
                .split([' ', ',', '{'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase(),
            fenced: true,
        },
        Tag::CodeBlock(CodeBlockKind::Indented) => NodeKind::Code {
            language: String::new(),
            fenced: false,
        },
        Tag::Table(_) => NodeKind::Table(Vec::new()),
        Tag::HtmlBlock | Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_) => NodeKind::Other,
        _ => return None,
    })
}

fn is_block_end(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::BlockQuote(_)
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::CodeBlock
            | TagEnd::Table
            | TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::MetadataBlock(_)
    )
}
