//! Hints: what makes a query slow, costly or silently empty on a lake.
//!
//! Each rule stands for a mistake found in published queries: they run, and answer nothing or the
//! wrong thing. Hints never stop a query.

mod statement;

use std::net::Ipv4Addr;
use std::ops::Range;

use crate::domain::lake::SourceVersion;

use super::lexer::{Token, TokenKind, lex};
use super::statements;
use statement::{Path, Statement};

/// One hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The rule that gave it.
    pub rule: Rule,
    /// The bytes that it is about.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub suggestion: String,
    /// The text to put in place of the range, where the fix is that simple.
    pub replacement: Option<String>,
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A table of the lake is read without a predicate on its time.
    NoTimePredicate,
    /// Every column of a wide table is read.
    SelectStar,
    /// `eventday` is compared with something that is no `YYYYMMDD`.
    EventDayText,
    /// An address ends with a dot.
    TrailingDot,
    /// A status is not spelled as in the lake.
    StatusSpelling,
    /// A direction is not spelled as in the lake.
    DirectionSpelling,
    /// A column of source version 1 on a table of version 2.
    OldColumn,
    /// A column of source version 2 on a table of version 1.
    NewColumn,
    /// The unique id of a user or role where an access key id is wanted.
    UniqueIdAsKey,
}

/// The hints of every statement of a text, in the text's order.
pub fn lint(text: &str) -> Vec<Hint> {
    let tokens = lex(text);
    let mut hints: Vec<Hint> = statements::split(text)
        .iter()
        .flat_map(|statement| {
            let within: Vec<&Token> = tokens
                .iter()
                .filter(|token| {
                    token.is_significant()
                        && token.range.start >= statement.range.start
                        && token.range.end <= statement.range.end
                })
                .collect();
            Linter::new(text, within).run()
        })
        .collect();
    hints.sort_by_key(|hint| hint.range.start);
    hints
}

struct Linter<'a> {
    statement: Statement<'a>,
    hints: Vec<Hint>,
}

/// Columns that were renamed from version 1 to 2: the old name, the new one.
const RENAMED: [(&str, &str); 8] = [
    ("actor.user.uuid", "actor.user.uid"),
    ("user.uuid", "user.uid"),
    ("finding", "finding_info"),
    ("state", "status"),
    ("start_time", "start_time_dt"),
    ("mfa", "is_mfa"),
    ("cloud.account_uid", "cloud.account.uid"),
    ("eventday", "time_dt"),
];

impl<'a> Linter<'a> {
    fn new(text: &'a str, tokens: Vec<&'a Token>) -> Self {
        Self {
            statement: Statement::new(text, tokens),
            hints: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Hint> {
        let tables = self.statement.tables();
        if let Some((table, version)) = tables.first() {
            self.time_predicate(table, *version);
            self.select_star();
            let old = tables
                .iter()
                .all(|(_, version)| *version == SourceVersion::V1);
            let new = tables
                .iter()
                .all(|(_, version)| *version == SourceVersion::V2);
            self.renamed_columns(&tables, old, new);
        }
        self.literals();
        self.hints
    }

    fn time_predicate(&mut self, table: &Path, version: SourceVersion) {
        let column = match version {
            SourceVersion::V1 => "eventday",
            SourceVersion::V2 => "time_dt",
        };
        let filter = self.statement.tokens.iter().position(|token| {
            token.is(self.statement.text, "WHERE") || token.is(self.statement.text, "ON")
        });
        let filtered = filter.is_some_and(|filter| {
            self.statement
                .paths
                .iter()
                .any(|path| path.tokens.start > filter && path.ends_with(column))
        });
        if !filtered {
            let example = match version {
                SourceVersion::V1 => "WHERE eventday >= '20260101'",
                SourceVersion::V2 => "WHERE time_dt >= CURRENT_TIMESTAMP - INTERVAL '7' DAY",
            };
            self.hints.push(Hint {
                rule: Rule::NoTimePredicate,
                range: table.range.clone(),
                message: format!("no predicate on {column}: the whole table is read and paid for"),
                suggestion: format!("add one such as {example}"),
                replacement: None,
            });
        }
    }

    fn select_star(&mut self) {
        for (index, token) in self.statement.tokens.iter().enumerate() {
            if token.is(self.statement.text, "*")
                && self.statement.before(index, &["SELECT", "DISTINCT", "."])
            {
                self.hints.push(Hint {
                    rule: Rule::SelectStar,
                    range: token.range.clone(),
                    message: "every column is read, and the scan is paid by column".to_owned(),
                    suggestion: "name the columns that are needed".to_owned(),
                    replacement: None,
                });
            }
        }
    }

    fn renamed_columns(&mut self, tables: &[(Path, SourceVersion)], old: bool, new: bool) {
        for path in &self.statement.paths {
            let is_table = tables.iter().any(|(table, _)| table.range == path.range);
            // A new name given with AS may be whatever its maker likes.
            if is_table || self.statement.before(path.tokens.start, &["AS"]) {
                continue;
            }
            for (before, after) in RENAMED {
                let head =
                    |name: &str| path.name == name || path.name.starts_with(&format!("{name}."));
                let (rule, wrong, right) = if new && head(before) {
                    (Rule::OldColumn, before, after)
                } else if old && head(after) && after != "status" {
                    (Rule::NewColumn, after, before)
                } else {
                    continue;
                };
                let version = if new { 2 } else { 1 };
                let end = path.range.start + wrong.len();
                let quoted = self
                    .statement
                    .text
                    .get(path.range.clone())
                    .is_some_and(|t| t.contains('"'));
                self.hints.push(Hint {
                    rule,
                    range: path.range.clone(),
                    message: format!("tables of source version {version} have no {wrong}"),
                    suggestion: format!("use {right}"),
                    replacement: (!quoted).then(|| {
                        let rest = self
                            .statement
                            .text
                            .get(end..path.range.end)
                            .unwrap_or_default();
                        format!("{right}{rest}")
                    }),
                });
                break;
            }
        }
    }

    fn literals(&mut self) {
        let found: Vec<Hint> = self
            .statement
            .tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| token.kind == TokenKind::String)
            .filter_map(|(index, token)| self.literal(index, token))
            .collect();
        self.hints.extend(found);
    }

    fn literal(&self, index: usize, token: &Token) -> Option<Hint> {
        let value = token.text(self.statement.text).trim_matches('\'');
        let hint = |rule, message: String, right: Option<&str>, suggestion: &str| {
            Some(Hint {
                rule,
                range: token.range.clone(),
                message,
                suggestion: right.map_or(suggestion.to_owned(), |right| format!("write '{right}'")),
                replacement: right.map(|right| format!("'{right}'")),
            })
        };
        if let Some(address) = value.strip_suffix('.')
            && address.parse::<Ipv4Addr>().is_ok()
        {
            return hint(
                Rule::TrailingDot,
                "an address with a dot at its end equals none".to_owned(),
                Some(address),
                "",
            );
        }
        if value.contains("%Y%m%d%H")
            && self
                .statement
                .paths
                .iter()
                .any(|path| path.ends_with("eventday"))
        {
            return hint(
                Rule::EventDayText,
                "eventday has no hour: this comparison drops the first day".to_owned(),
                Some("%Y%m%d"),
                "",
            );
        }
        let path = self.statement.compared(index)?;
        let spelled = |known: [(&str, &'static str); 8]| {
            known
                .into_iter()
                .find(|(wrong, _)| value.eq_ignore_ascii_case(wrong))
                .map(|(_, right)| right)
                .filter(|right| *right != value)
        };
        if path.ends_with("eventday")
            && !(value.len() == 8 && value.bytes().all(|b| b.is_ascii_digit()))
        {
            let day: String = value.chars().filter(char::is_ascii_digit).take(8).collect();
            return hint(
                Rule::EventDayText,
                "eventday is a text of the form YYYYMMDD".to_owned(),
                (day.len() == 8).then_some(day.as_str()),
                "write it as '20260131'",
            );
        }
        if path.name == "status" || path.name.ends_with(".status") {
            let right = spelled([
                ("failed", "Failure"),
                ("failure", "Failure"),
                ("fail", "Failure"),
                ("error", "Failure"),
                ("success", "Success"),
                ("succeeded", "Success"),
                ("successful", "Success"),
                ("ok", "Success"),
            ])?;
            return hint(
                Rule::StatusSpelling,
                format!("no status is spelled '{value}'"),
                Some(right),
                "",
            );
        }
        if path.ends_with("direction") {
            let right = spelled([
                ("ingress", "Inbound"),
                ("inbound", "Inbound"),
                ("incoming", "Inbound"),
                ("in", "Inbound"),
                ("egress", "Outbound"),
                ("outbound", "Outbound"),
                ("outgoing", "Outbound"),
                ("out", "Outbound"),
            ])?;
            return hint(
                Rule::DirectionSpelling,
                format!("no direction is spelled '{value}'"),
                Some(right),
                "",
            );
        }
        if path.ends_with("credential_uid") && ["AIDA", "AROA"].iter().any(|p| value.starts_with(p))
        {
            return hint(
                Rule::UniqueIdAsKey,
                "this is the unique id of a user or role and no access key id".to_owned(),
                None,
                "compare it with actor.user.uid_alt",
            );
        }
        None
    }
}

#[cfg(test)]
mod tests;
