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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `name×count` of each table, `…` behind them where there may be others.
    fn read(sql: &str) -> String {
        let scans = scans(sql);
        let mut told: Vec<String> = scans
            .tables
            .iter()
            .map(|(path, count)| format!("{}×{count}", path.join(".")))
            .collect();
        if !scans.complete {
            told.push("…".to_owned());
        }
        told.join(" ")
    }

    #[test]
    fn tables_are_counted_wherever_they_are_named() {
        for (sql, told) in [
            ("SELECT 1", ""),
            ("SELECT * FROM t", "t×1"),
            ("SELECT * FROM \"Cat\".db.T x", "cat.db.t×1"),
            ("SELECT * FROM a, b JOIN a c ON a.x = c.x, d", "a×2 b×1 d×1"),
            (
                "SELECT * FROM (a CROSS JOIN b) JOIN (c) ON true",
                "a×1 b×1 c×1",
            ),
            (
                "SELECT (SELECT max(x) FROM a) FROM b WHERE y IN (SELECT y FROM c) UNION ALL SELECT 1 FROM a",
                "a×2 b×1 c×1",
            ),
            (
                "SELECT extract(day FROM x), a IS DISTINCT FROM b, trim(both FROM c) FROM t",
                "t×1",
            ),
            (
                "SELECT * FROM t CROSS JOIN UNNEST(t.a, t.b) WITH ORDINALITY AS u (x, y, n)",
                "t×1",
            ),
            (
                "SELECT * FROM t JOIN LATERAL (SELECT 1) ON contains(ARRAY[a, b], x), u",
                "t×1 u×1",
            ),
            ("SELECT x, y FROM (VALUES (1, a), (2, b)) AS v (x, y)", ""),
            (
                "SELECT a, waf FROM t GROUP BY a, waf ORDER BY a, waf",
                "t×1",
            ),
            ("((SELECT 1 FROM a)) UNION (SELECT 2 FROM b)", "a×1 b×1"),
            ("INSERT INTO t SELECT * FROM s", "s×1"),
            (
                "CREATE TABLE t WITH (format = 'X', a = ARRAY['b']) AS SELECT * FROM s",
                "s×1",
            ),
            (
                "UNLOAD (SELECT * FROM s) TO 's3://b/' WITH (format = 'X')",
                "s×1",
            ),
            ("EXPLAIN ANALYZE VERBOSE SELECT * FROM s", "s×1"),
            (
                "SELECT sum(x) OVER w FROM t WINDOW w AS (PARTITION BY a, b)",
                "t×1",
            ),
        ] {
            assert_eq!(read(sql), told, "{sql}");
        }
    }

    #[test]
    fn a_named_query_counts_wherever_it_is_named() {
        for (sql, told) in [
            (
                "WITH a AS (SELECT * FROM t) SELECT * FROM a x JOIN a y ON true",
                "t×2",
            ),
            (
                "WITH a AS (SELECT * FROM t), b (c, d) AS (SELECT * FROM a, a z) SELECT * FROM b, a, b v",
                "t×5",
            ),
            // Within its own body, and before it is given, the name is a table's.
            ("WITH t AS (SELECT * FROM t) SELECT * FROM t, t u", "t×2"),
            (
                "WITH a AS (SELECT * FROM b), b AS (SELECT * FROM c) SELECT * FROM a, b",
                "b×1 c×1",
            ),
            // A name is known only where it was given.
            (
                "SELECT * FROM (WITH t AS (SELECT * FROM x) SELECT * FROM t) y, t",
                "t×1 x×1",
            ),
            ("WITH unused AS (SELECT * FROM t) SELECT 1", "t×1"),
            (
                "WITH a AS (SELECT * FROM t) SELECT * FROM db.a",
                "db.a×1 t×1",
            ),
        ] {
            assert_eq!(read(sql), told, "{sql}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for sql in [
            "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a) SELECT * FROM a",
            "SELECT * FROM t FOR TIMESTAMP AS OF now()",
            "SELECT * FROM TABLE(system.query(query => 'x'))",
            "SELECT * FROM f(1)",
            "SELECT * FROM date",
            "DELETE FROM t",
            "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
            "TABLE t",
            "",
        ] {
            assert!(!scans(sql).complete, "{sql}");
        }
    }

    #[test]
    fn metadata_costs_nothing() {
        for sql in [
            "SHOW PARTITIONS t",
            "describe t",
            "EXPLAIN SELECT * FROM t",
            "DROP TABLE t",
            "CREATE OR REPLACE VIEW v AS SELECT * FROM t",
            "SELECT 1",
        ] {
            assert!(scans(sql).nothing(), "{sql}");
        }
        assert!(!scans("SELECT 1 FROM t").nothing());
        assert!(!scans("DELETE FROM t").nothing());
    }

    #[test]
    fn a_predicate_on_time_is_found_behind_where() {
        assert!(filters_by_time(
            "SELECT a FROM t WHERE x = 1 AND t.\"time_dt\" > now()"
        ));
        assert!(filters_by_time(
            "SELECT a FROM t JOIN u ON t.eventday = u.eventday"
        ));
        assert!(!filters_by_time(
            "SELECT time_dt FROM t WHERE x = 'time_dt'"
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_borne(sql in "(SELECT|FROM|JOIN|WITH|AS|a|b|t|\\(|\\)|\\[|,|\\.|'|\"|é|\n| ){0,40}") {
            let scans = scans(&sql);
            prop_assert!(scans.tables.values().all(|count| *count > 0));
        }

        /// Of named queries one above the other, each naming the one below so often, the table
        /// below all is counted as often as their product.
        #[test]
        fn counts_multiply(fans in proptest::collection::vec(1_usize..4, 1..6)) {
            let mut sql = "WITH q0 AS (SELECT * FROM t)".to_owned();
            let list = |name: String, fan: usize| vec![name; fan].join(", ");
            for (number, fan) in fans.iter().enumerate() {
                let below = list(format!("q{number}"), *fan);
                sql.push_str(&format!(", q{} AS (SELECT * FROM {below})", number + 1));
            }
            sql.push_str(&format!(" SELECT * FROM q{}", fans.len()));
            let product: usize = fans.iter().product();
            prop_assert_eq!(read(&sql), format!("t×{product}"));
        }
    }
}
