//! Templates of pivots: files with a header of comments and a body over the relations.
//!
//! ```sql
//! -- name: who-used
//! -- purpose: Who else used this key, role or address.
//! -- types: access-key, role, ip
//! -- group: identity
//! -- order: events DESC
//! SELECT who, count(*) AS events FROM events_naming GROUP BY 1
//! ```
//!
//! In a body `/* :value */`, `/* :since */` and `/* :until */` stand for the entity's value and the
//! ends of the window; each becomes a `?`.

use std::collections::BTreeSet;

use super::Window;
use super::relations::{RELATIONS, Relation};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::nearest::nearest;
use crate::domain::template::TemplateError;
use crate::sql::lexer::{TokenKind, lex, marker_name};
use crate::sql::parameters::Literal;
use crate::sql::statements;

/// A question that can be asked of entities of some types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivotTemplate {
    /// Its name: the header's, else the file's without its ending.
    pub name: String,
    /// What it answers, one sentence.
    pub purpose: String,
    /// The types that it can be asked of; empty for all.
    pub types: Vec<EntityType>,
    /// What it belongs to in a menu, such as `identity`.
    pub group: String,
    /// The ORDER BY of its rows, without those words.
    pub order: Option<String>,
    /// Whether it is meant for the time around an event rather than for all time.
    pub around: bool,
    /// The body, without header and final `;`.
    body: String,
    /// The places of its relations in [`RELATIONS`].
    reads: Vec<usize>,
    /// The words of body and order, in lower case, among them the columns that it reads; `None`
    /// where it reads all by a `*`.
    words: Option<BTreeSet<String>>,
}

/// The words of a text in lower case; `None` where a `*` stands for all columns, which that of
/// `count(*)` does not.
fn words_of(text: &str) -> Option<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    let mut before = "";
    for token in lex(text).iter().filter(|token| token.is_significant()) {
        let word = token.text(text);
        match token.kind {
            TokenKind::Operator if word == "*" && before != "(" => return None,
            TokenKind::Keyword
            | TokenKind::Function
            | TokenKind::Identifier
            | TokenKind::QuotedIdentifier => {
                words.insert(word.trim_matches(['"', '`']).to_ascii_lowercase());
            }
            _ => {}
        }
        before = word;
    }
    Some(words)
}

impl PivotTemplate {
    /// Reads a template file.
    ///
    /// # Errors
    ///
    /// A header without a purpose or with an unknown type, a body that is not one query over the
    /// relations, an unknown marker, a `?` of its own.
    pub fn parse(file: &str, text: &str) -> Result<Self, TemplateError> {
        let fail = |line: usize, message: String, hint: &str| TemplateError {
            file: file.to_owned(),
            line,
            message,
            hint: hint.to_owned(),
        };
        let header = Header::read(file, text)?;
        let statements = statements::split(text);
        let [statement] = statements.as_slice() else {
            return Err(fail(
                1,
                format!("{} statements instead of one", statements.len()),
                "keep exactly one statement in a pivot's file",
            ));
        };
        let body = statement.text(text).to_owned();
        let place =
            |offset: usize| statements::position_of(text, statement.range.start + offset).line;
        let tokens = lex(&body);
        let mut reads = Vec::new();
        for token in &tokens {
            let word = token.text(&body);
            let line = place(token.range.start);
            match token.kind {
                TokenKind::Unterminated => {
                    let what = "a string or comment without an end".to_owned();
                    return Err(fail(line, what, "close it"));
                }
                TokenKind::Parameter => {
                    let what = "a `?` whose value nobody knows".to_owned();
                    return Err(fail(
                        line,
                        what,
                        "write /* :value */ for the entity's value",
                    ));
                }
                TokenKind::Comment => {
                    if let Some(name) = marker_name(word)
                        && Marker::of(name).is_none()
                    {
                        return Err(fail(
                            line,
                            format!("`{name}` is no value of a pivot"),
                            "there are /* :value */, /* :since */ and /* :until */",
                        ));
                    }
                }
                TokenKind::Identifier | TokenKind::QuotedIdentifier => {
                    let name = word.trim_matches('"').to_ascii_lowercase();
                    if let Some(at) = RELATIONS.iter().position(|known| known.name == name)
                        && !reads.contains(&at)
                    {
                        reads.push(at);
                    }
                }
                _ => {}
            }
        }
        if reads.is_empty() {
            let names: Vec<&str> = RELATIONS.iter().map(|relation| relation.name).collect();
            return Err(fail(
                place(0),
                "it reads none of the relations of a pivot".to_owned(),
                &format!("read from {}", names.join(", ")),
            ));
        }
        let mut words = words_of(&body);
        if let (Some(words), Some(order)) = (&mut words, &header.order) {
            words.extend(words_of(order).unwrap_or_default());
        }
        Ok(Self {
            words,
            name: header.name.unwrap_or_else(|| stem(file)),
            purpose: header.purpose,
            types: header.types,
            group: header.group,
            order: header.order,
            around: header.around,
            body,
            reads,
        })
    }

    /// Whether it may read a column of its relations: what no word of it names need not be
    /// written out, planned or read.
    pub(super) fn may_read(&self, column: &str) -> bool {
        self.words
            .as_ref()
            .is_none_or(|words| words.contains(column))
    }

    /// Whether its rows are events in the order of their time, and then whether the newest stand
    /// first: who sorts by the column `time` has them in that order.
    pub fn time_order(&self) -> Option<bool> {
        let first = self.order.as_deref()?.split(',').next()?.trim();
        let mut words = first.split_whitespace();
        let is_time = matches!(words.next(), Some("time" | "\"time\""));
        let descending = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        is_time.then_some(descending)
    }

    /// Whether it can be asked of entities of a type.
    pub fn is_for(&self, kind: EntityType) -> bool {
        self.types.is_empty() || self.types.iter().any(|own| own.covers(kind))
    }

    /// The types that it is for, as a person reads them.
    pub fn types_told(&self) -> String {
        match self.types.as_slice() {
            [] => "any".to_owned(),
            types => {
                let names: Vec<&str> = types.iter().map(|kind| kind.name()).collect();
                names.join(", ")
            }
        }
    }

    pub(super) fn relations(&self) -> impl Iterator<Item = &'static Relation> {
        self.reads.iter().filter_map(|at| RELATIONS.get(*at))
    }

    pub(super) fn begins_with_with(&self) -> bool {
        self.body_after_with().is_some()
    }

    /// What stands behind the WITH that the body begins with.
    fn body_after_with(&self) -> Option<&str> {
        let tokens = lex(&self.body);
        let first = tokens.iter().find(|token| token.is_significant())?;
        first
            .text(&self.body)
            .eq_ignore_ascii_case("with")
            .then(|| self.body.get(first.range.end..))
            .flatten()
    }

    /// The body with `?` for its markers, and their literals; the WITH that it may begin with is
    /// left out, because relations stand before it.
    pub(super) fn body(&self, entity: &Entity, window: Window) -> (String, Vec<String>) {
        let body = self.body_after_with().unwrap_or(&self.body).trim_start();
        let mut sql = String::with_capacity(body.len());
        let mut values = Vec::new();
        for token in lex(body) {
            let word = token.text(body);
            let marker = (token.kind == TokenKind::Comment)
                .then(|| marker_name(word).and_then(Marker::of))
                .flatten();
            match marker {
                Some(marker) => {
                    let literal = match marker {
                        Marker::Value => Literal::text(&entity.value),
                        Marker::Since => Literal::timestamp(window.since),
                        Marker::Until => Literal::timestamp(window.until),
                    };
                    sql.push('?');
                    values.push(literal.into_string());
                }
                None => sql.push_str(word),
            }
        }
        (sql, values)
    }
}

#[derive(Clone, Copy)]
enum Marker {
    Value,
    Since,
    Until,
}

impl Marker {
    fn of(name: &str) -> Option<Self> {
        match name {
            "value" => Some(Self::Value),
            "since" => Some(Self::Since),
            "until" => Some(Self::Until),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Header {
    name: Option<String>,
    purpose: String,
    types: Vec<EntityType>,
    group: String,
    order: Option<String>,
    around: bool,
}

impl Header {
    /// Reads the comment lines at the top; those of another form are plain comments.
    fn read(file: &str, text: &str) -> Result<Self, TemplateError> {
        let mut header = Self {
            group: "events".to_owned(),
            ..Self::default()
        };
        let lines = text.lines().enumerate();
        for (index, line) in lines.take_while(|(_, line)| {
            let line = line.trim();
            line.is_empty() || line.starts_with("--")
        }) {
            let comment = line.trim().trim_start_matches('-');
            let Some((key, value)) = comment.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim() {
                "name" => header.name = Some(value.to_owned()),
                "purpose" => header.purpose = value.to_owned(),
                "group" => header.group = value.to_owned(),
                "order" => header.order = Some(value.to_owned()),
                "window" => header.around = value == "around",
                "types" => {
                    for name in value.split(',').map(str::trim) {
                        if name == "any" {
                            continue;
                        }
                        let kind = name.parse().map_err(|error| TemplateError {
                            file: file.to_owned(),
                            line: index + 1,
                            message: format!("{error}"),
                            hint: "write types with commas between, or `any`".to_owned(),
                        })?;
                        header.types.push(kind);
                    }
                }
                _ => {}
            }
        }
        if header.purpose.is_empty() {
            return Err(TemplateError {
                file: file.to_owned(),
                line: 1,
                message: "no purpose".to_owned(),
                hint: "add a line `-- purpose: one sentence` at the top".to_owned(),
            });
        }
        Ok(header)
    }
}

fn stem(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    base.strip_suffix(".sql").unwrap_or(base).to_owned()
}

/// The templates of some files: what can be used, and what is wrong with the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PivotTemplates {
    /// The usable templates, sorted by group and name.
    pub templates: Vec<PivotTemplate>,
    /// What could not be read.
    pub problems: Vec<TemplateError>,
}

impl PivotTemplates {
    /// Reads files, each a name and its text. A broken one becomes a problem and hides no other.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut read = Self::default();
        for (file, text) in files {
            match PivotTemplate::parse(file, text) {
                Ok(template) if read.get(&template.name).is_some() => {
                    read.problems.push(TemplateError {
                        file: file.to_owned(),
                        line: 1,
                        message: format!("a pivot `{}` exists already", template.name),
                        hint: "give it another name".to_owned(),
                    });
                }
                Ok(template) => read.templates.push(template),
                Err(problem) => read.problems.push(problem),
            }
        }
        read.templates
            .sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
        read
    }

    /// The template of that name.
    pub fn get(&self, name: &str) -> Option<&PivotTemplate> {
        self.templates.iter().find(|template| template.name == name)
    }

    /// What can be asked of entities of a type, in the order of a menu.
    pub fn of_type(&self, kind: EntityType) -> impl Iterator<Item = &PivotTemplate> {
        self.templates.iter().filter(move |t| t.is_for(kind))
    }

    /// The names nearest to a mistyped one, best first.
    pub fn nearest(&self, name: &str) -> Vec<&str> {
        nearest(name, self.templates.iter().map(|t| t.name.as_str()))
    }
}
