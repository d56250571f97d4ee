//! Short table names written out, for a service that does not know them; places in the longer text
//! led back to the one that a person wrote.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lexer::{Token, TokenKind, lex};
use super::statements::position_of;
use crate::domain::query::TextPosition;

/// A statement whose short table names are written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The statement to send.
    pub sql: String,
    original: String,
    /// Where an alias stands in the original, and what it became.
    edits: Vec<(Range<usize>, String)>,
}

/// Writes out the tables that are named by an alias alone. A name that the statement itself gives
/// to a query (`WITH name AS …`) is that query's, whatever the aliases say.
pub fn expand(sql: &str, aliases: &BTreeMap<String, String>) -> Expanded {
    let tokens = lex(sql);
    let significant: Vec<&Token> = tokens.iter().filter(|t| t.is_significant()).collect();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for at in table_places(sql, &significant) {
        let token = significant[at];
        let name = token.text(sql).trim_matches(['"', '`']).to_lowercase();
        if let Some(target) = aliases.get(&name)
            && !is_named_query(sql, &significant, &name)
        {
            edits.push((token.range.clone(), target.clone()));
        }
    }
    let mut expanded = String::with_capacity(sql.len());
    let mut done = 0;
    for (range, target) in &edits {
        expanded.push_str(&sql[done..range.start]);
        expanded.push_str(target);
        done = range.end;
    }
    expanded.push_str(&sql[done..]);
    Expanded {
        sql: expanded,
        original: sql.to_owned(),
        edits,
    }
}

impl Expanded {
    /// The place in the original that a place in [`Self::sql`] came from; what lies inside a
    /// written-out name came from its alias.
    pub fn original_position(&self, position: TextPosition) -> TextPosition {
        let Some(offset) = offset_of(&self.sql, position) else {
            return position;
        };
        let mut shift = 0_isize;
        for (range, target) in &self.edits {
            let start = range.start.cast_signed() + shift;
            let end = start + target.len().cast_signed();
            if offset.cast_signed() < start {
                break;
            }
            if offset.cast_signed() < end {
                return position_of(&self.original, range.start);
            }
            shift += target.len().cast_signed() - range.len().cast_signed();
        }
        let original = (offset.cast_signed() - shift).max(0).cast_unsigned();
        position_of(&self.original, original.min(self.original.len()))
    }
}

/// The byte at which a place lies; `None` past the text's end.
fn offset_of(text: &str, position: TextPosition) -> Option<usize> {
    let mut start = 0;
    for _ in 1..position.line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let line = text.get(start..)?;
    let (column, _) = line.char_indices().nth(position.column.checked_sub(1)?)?;
    Some(start + column)
}

/// What is known inside one pair of parentheses.
#[derive(Default, Clone, Copy)]
struct Level {
    /// A SELECT stands in it: its FROM names tables, and is no `extract(day FROM x)`.
    selects: bool,
    /// The list of tables after that FROM goes on.
    lists: bool,
}

/// The places, among the meaningful tokens, of names that stand alone where a table is named.
fn table_places(sql: &str, tokens: &[&Token]) -> Vec<usize> {
    const LIST_ENDS: [&str; 10] = [
        "WHERE",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "WINDOW",
        "OFFSET",
    ];
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(sql, word));
    let mut levels = vec![Level::default()];
    let mut places = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = |word: &str| at.checked_sub(1).is_some_and(|before| is(before, word));
        let Some(level) = levels.last_mut() else {
            break;
        };
        if token.is(sql, "(") {
            levels.push(Level::default());
        } else if token.is(sql, ")") {
            if levels.len() > 1 {
                levels.pop();
            }
        } else if token.is(sql, "SELECT") {
            *level = Level {
                selects: true,
                lists: false,
            };
        } else if token.is(sql, "FROM") {
            level.lists = level.selects && !before("DISTINCT");
        } else if LIST_ENDS.iter().any(|word| token.is(sql, word)) {
            level.lists = false;
        } else if matches!(
            token.kind,
            TokenKind::Identifier | TokenKind::QuotedIdentifier
        ) && level.lists
            && (before("FROM") || before("JOIN") || before(","))
            && !is(at + 1, ".")
        {
            places.push(at);
        }
    }
    places
}

/// Whether the statement calls a query of its own so: `name AS (` or `name (columns) AS (`.
fn is_named_query(sql: &str, tokens: &[&Token], name: &str) -> bool {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(sql, word));
    tokens.iter().enumerate().any(|(at, token)| {
        if !token
            .text(sql)
            .trim_matches(['"', '`'])
            .eq_ignore_ascii_case(name)
        {
            return false;
        }
        let mut next = at + 1;
        if is(next, "(") {
            while next < tokens.len() && !is(next, ")") {
                next += 1;
            }
            next += 1;
        }
        is(next, "AS") && is(next + 1, "(")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn aliases() -> BTreeMap<String, String> {
        BTreeMap::from([
            ("vpc_flow".to_owned(), "\"links\".\"flows\"".to_owned()),
            ("waf".to_owned(), "db.w".to_owned()),
        ])
    }

    fn expanded(sql: &str) -> String {
        expand(sql, &aliases()).sql
    }

    #[test]
    fn tables_are_written_out_wherever_they_are_named() {
        assert_eq!(
            expanded("SELECT vpc_flow.x FROM vpc_flow v, waf JOIN \"VPC_FLOW\" w ON v.a = w.a"),
            "SELECT vpc_flow.x FROM \"links\".\"flows\" v, db.w JOIN \"links\".\"flows\" w ON v.a = w.a"
        );
        assert_eq!(
            expanded("SELECT (SELECT max(a) FROM waf) FROM (SELECT * FROM vpc_flow)"),
            "SELECT (SELECT max(a) FROM db.w) FROM (SELECT * FROM \"links\".\"flows\")"
        );
    }

    #[test]
    fn what_is_no_table_stays() {
        for sql in [
            "SELECT waf, vpc_flow FROM other",
            "SELECT extract(day FROM waf) FROM other",
            "SELECT a IS DISTINCT FROM waf FROM other",
            "SELECT 'FROM waf' FROM other -- FROM waf",
            "WITH waf AS (SELECT 1) SELECT * FROM waf",
            "WITH waf (a) AS (SELECT 1) SELECT * FROM waf",
            "SELECT * FROM db.waf",
            "SELECT * FROM waf.t",
            "SELECT a FROM other WHERE b IN (1, 2) ORDER BY a, waf",
        ] {
            assert_eq!(expanded(sql), sql);
        }
    }

    #[test]
    fn places_lead_back_to_what_was_written() {
        let sql = "SELECT é\nFROM waf w, vpc_flow\nWHERE x";
        let expanded = expand(sql, &aliases());
        let place = |line, column| TextPosition { line, column };
        for (sent, written) in [
            ((1, 8), (1, 8)),
            ((2, 8), (2, 6)),
            ((2, 11), (2, 10)),
            ((2, 14), (2, 13)),
            ((3, 7), (3, 7)),
        ] {
            assert_eq!(
                expanded.original_position(place(sent.0, sent.1)),
                place(written.0, written.1),
                "{sent:?} in {}",
                expanded.sql
            );
        }
        assert_eq!(expanded.original_position(place(9, 9)), place(9, 9));
    }

    proptest! {
        #[test]
        fn any_text_is_borne(
            sql in "(SELECT|FROM|JOIN|waf|vpc_flow|WITH|AS|\\(|\\)|,|\\.|'|\"|é|\n| ){0,24}",
            line in 0_usize..5, column in 0_usize..30,
        ) {
            let expanded = expand(&sql, &aliases());
            expanded.original_position(TextPosition { line, column });
            let none = expand(&sql, &BTreeMap::new());
            prop_assert_eq!(&none.sql, &sql);
        }
    }
}
