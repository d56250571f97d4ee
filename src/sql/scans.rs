//! Which tables a statement scans, and how often at most: what an upper bound of its bytes stands on.
//!
//! Read from the tokens, so that every syntax of Athena's is borne. Where a place that may name a
//! table is not understood, the answer says that it is not complete, and no bound is made of it.

use std::collections::BTreeMap;

use super::lexer::{Token, TokenKind, lex};

/// The tables of one statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scans {
    /// The parts of each table's name, without quotes and in lower case, and how often the table is
    /// scanned at most: once for every place that names it, and a named query's tables once for
    /// every place that names the query.
    pub tables: BTreeMap<Vec<String>, u64>,
    /// Whether there is surely no other table.
    pub complete: bool,
}

impl Scans {
    /// Whether nothing is scanned, so that nothing is paid.
    pub fn nothing(&self) -> bool {
        self.complete && self.tables.is_empty()
    }
}

/// Columns on whose values tables of events are laid out.
const TIMES: [&str; 5] = ["time_dt", "eventday", "time", "date", "dt"];

/// Statements that ask for metadata alone.
const METADATA: [&str; 6] = ["SHOW", "DESCRIBE", "DESC", "ALTER", "DROP", "MSCK"];

/// Statements whose scans are those of the SELECT in them.
const SELECTS: [&str; 6] = ["SELECT", "WITH", "VALUES", "INSERT", "CREATE", "UNLOAD"];

/// Words that end a list of tables.
const LIST_ENDS: [&str; 12] = [
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
    "FETCH",
    "VALUES",
];

/// The tables that one statement scans.
pub fn scans(sql: &str) -> Scans {
    let tokens = lex(sql);
    let tokens: Vec<&Token> = tokens.iter().filter(|t| t.is_significant()).collect();
    Reader {
        sql,
        tokens,
        places: Vec::new(),
        queries: Vec::new(),
        complete: true,
    }
    .read()
}

/// Whether a predicate names a column on whose values a table of events is laid out, so that not
/// the whole of it need be read.
pub fn filters_by_time(sql: &str) -> bool {
    let tokens = lex(sql);
    let mut filtering = false;
    tokens.iter().any(|token| {
        filtering |= token.is(sql, "WHERE") || token.is(sql, "ON");
        let name = token.text(sql).trim_matches('"');
        let named = matches!(
            token.kind,
            TokenKind::Identifier | TokenKind::QuotedIdentifier | TokenKind::Keyword
        );
        filtering && named && TIMES.iter().any(|time| name.eq_ignore_ascii_case(time))
    })
}

/// What is known inside one pair of parentheses.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    /// A SELECT stands in it: its FROM names tables, and is no `extract(day FROM x)`.
    selects: bool,
    /// A list of tables goes on.
    lists: bool,
    /// Named queries are being given.
    names: bool,
    /// The named query whose body this lies in.
    body: Option<usize>,
    /// Opened by the body of a named query.
    is_body: bool,
}

/// A place that names a table or a named query.
#[derive(Debug)]
struct Place {
    at: usize,
    path: Vec<String>,
    body: Option<usize>,
}

/// `name AS ( … )` after WITH.
#[derive(Debug)]
struct NamedQuery {
    name: String,
    depth: usize,
    /// The token that closes it.
    end: usize,
    /// The token that closes what it is known in.
    known_until: usize,
}

struct Reader<'a> {
    sql: &'a str,
    tokens: Vec<&'a Token>,
    places: Vec<Place>,
    queries: Vec<NamedQuery>,
    complete: bool,
}

impl Reader<'_> {
    fn read(mut self) -> Scans {
        let Some(first) = self.first_word() else {
            return Scans::default();
        };
        let mut start = first;
        if self.is(start, "EXPLAIN") {
            if !self.is(start + 1, "ANALYZE") {
                return Scans {
                    complete: true,
                    ..Scans::default()
                };
            }
            start += 2 + usize::from(self.word_is(start + 2, "VERBOSE"));
            while self.is(start, "(") {
                start += 1;
            }
        }
        let begins = |words: &[&str]| words.iter().any(|word| self.word_is(start, word));
        let view = self.word_is(start, "CREATE")
            && (start + 1..start + 4).any(|at| self.word_is(at, "VIEW"));
        if begins(&METADATA) || view {
            return Scans {
                complete: true,
                ..Scans::default()
            };
        }
        if !begins(&SELECTS) {
            return Scans::default();
        }
        self.walk();
        self.counted()
    }

    fn first_word(&self) -> Option<usize> {
        (0..self.tokens.len()).find(|at| !self.is(*at, "("))
    }

    fn walk(&mut self) {
        let mut levels = vec![Level::default()];
        for at in 0..self.tokens.len() {
            let Some(level) = levels.last_mut() else {
                return;
            };
            let listed = level.lists && self.opens_a_place(at);
            if self.is(at, "(") {
                let inner = self.opened(at, *level, levels.len(), listed);
                levels.push(inner);
            } else if self.is(at, "[") {
                let body = level.body;
                levels.push(Level {
                    body,
                    ..Level::default()
                });
            } else if self.is(at, ")") || self.is(at, "]") {
                self.closed(at, &mut levels);
            } else if self.is(at, "WITH") && !level.selects {
                level.names = true;
                self.complete &= !self.is(at + 1, "RECURSIVE");
            } else if self.is(at, "SELECT") {
                level.selects = true;
                level.names = false;
                level.lists = false;
            } else if self.is(at, "FROM") {
                let distinct = at.checked_sub(1).is_some_and(|b| self.is(b, "DISTINCT"));
                level.lists = level.selects && !distinct;
            } else if LIST_ENDS.iter().any(|word| self.is(at, word)) {
                level.lists = false;
            } else if listed {
                let body = level.body;
                self.place(at, body);
            }
        }
        let end = self.tokens.len();
        for query in &mut self.queries {
            // Text that is still being typed leaves parentheses open.
            query.end = query.end.min(end);
            query.known_until = query.known_until.min(end);
        }
    }

    /// Whether a table may be named at a token of a list.
    fn opens_a_place(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| {
            ["FROM", "JOIN", ",", "("]
                .iter()
                .any(|word| self.is(before, word))
        })
    }

    /// The level that a parenthesis opens.
    fn opened(&mut self, at: usize, outer: Level, depth: usize, listed: bool) -> Level {
        let mut inner = Level {
            body: outer.body,
            lists: listed,
            ..Level::default()
        };
        if outer.names && at > 1 && self.is(at - 1, "AS") {
            let mut name = at - 2;
            if self.is(name, ")") {
                while name > 0 && !self.is(name, "(") {
                    name -= 1;
                }
                name = name.saturating_sub(1);
            }
            self.queries.push(NamedQuery {
                name: self.plain(name),
                depth,
                end: usize::MAX,
                known_until: usize::MAX,
            });
            inner.body = Some(self.queries.len() - 1);
            inner.is_body = true;
        }
        inner
    }

    fn closed(&mut self, at: usize, levels: &mut Vec<Level>) {
        if levels.len() < 2 {
            return;
        }
        let depth = levels.len();
        if let Some(level) = levels.pop() {
            if let Some(query) = level.body.filter(|_| level.is_body)
                && let Some(query) = self.queries.get_mut(query)
            {
                query.end = at;
            }
            for query in &mut self.queries {
                if query.depth == depth && query.known_until == usize::MAX {
                    query.known_until = at;
                }
            }
        }
    }

    /// Notes what stands where a table may be named.
    fn place(&mut self, at: usize, body: Option<usize>) {
        let Some(token) = self.tokens.get(at) else {
            return;
        };
        let named = matches!(
            token.kind,
            TokenKind::Identifier | TokenKind::QuotedIdentifier
        );
        if !named {
            let other = ["UNNEST", "LATERAL", "SELECT", "WITH", "VALUES"];
            self.complete &= other.iter().any(|word| self.is(at, word));
            return;
        }
        let mut path = vec![self.plain(at)];
        let mut next = at + 1;
        while self.is(next, ".") && next + 1 < self.tokens.len() {
            path.push(self.plain(next + 1));
            next += 2;
        }
        // An older state of the table may be larger, and a call is no table at all.
        self.complete &= !self.is(next, "FOR") && !self.is(next, "(");
        self.places.push(Place { at, path, body });
    }

    /// The tables with their counts, the named queries resolved.
    fn counted(self) -> Scans {
        let named = |place: &Place| {
            let [name] = place.path.as_slice() else {
                return None;
            };
            let known = self.queries.iter().enumerate().filter(|(_, query)| {
                query.name == *name && query.end < place.at && place.at < query.known_until
            });
            known.max_by_key(|(_, query)| query.end).map(|(at, _)| at)
        };
        // A query is named only behind its end: in the order of their ends, the last one first, all
        // places that name a query have their own counts.
        let mut order: Vec<usize> = (0..self.queries.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(self.queries.get(*at).map(|query| query.end)));
        let mut times = vec![0_u64; self.queries.len()];
        let of = |times: &[u64], body: Option<usize>| {
            body.map_or(1, |body| times.get(body).copied().unwrap_or(1))
        };
        for query in order {
            let naming = self.places.iter().filter(|p| named(p) == Some(query));
            let sum = naming.fold(0_u64, |sum, place| {
                sum.saturating_add(of(&times, place.body))
            });
            if let Some(slot) = times.get_mut(query) {
                *slot = sum.max(1);
            }
        }
        let mut tables: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for place in self.places.iter().filter(|place| named(place).is_none()) {
            let count = tables.entry(place.path.clone()).or_default();
            *count = count.saturating_add(of(&times, place.body));
        }
        Scans {
            tables,
            complete: self.complete,
        }
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.is(self.sql, word))
    }

    /// The same for words that are no keywords, such as `SHOW`.
    fn word_is(&self, at: usize, word: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.text(self.sql).eq_ignore_ascii_case(word))
    }

    fn plain(&self, at: usize) -> String {
        let text = self.tokens.get(at).map(|token| token.text(self.sql));
        text.unwrap_or_default()
            .trim_matches(['"', '`'])
            .to_lowercase()
    }
}

#[cfg(test)]
#[path = "scans_tests.rs"]
mod tests;
