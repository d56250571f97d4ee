//! Takes a statement apart into its SELECTs, by its tokens: what is between the words stays as it
//! was written, whatever syntax it uses.

use std::ops::Range;

use super::text::Text;

/// Queries inside queries are looked at down to here.
const DEEPEST: usize = 8;

/// A query: SELECTs put together by UNION and the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// Its name, where WITH gives it one.
    pub(super) name: Option<String>,
    pub(super) terms: Vec<Select>,
    /// It ends with a LIMIT of nothing.
    pub(super) limit_zero: bool,
    /// It skips rows.
    pub(super) offset: bool,
}

/// A table's name, part by part in lower case, with the bytes of the name and its alias.
pub(super) type NamedTable = (Vec<String>, Range<usize>);

/// One SELECT with a FROM. Ranges count bytes of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Select {
    /// What stands before it and names queries that it may use.
    pub(super) with: Vec<String>,
    pub(super) from: Range<usize>,
    /// The names in FROM that stand where tables are named.
    pub(super) tables: Vec<NamedTable>,
    /// The conditions of WHERE that must all hold.
    pub(super) conditions: Vec<Range<usize>>,
    /// What WHERE is, without the word.
    pub(super) filter: Option<Range<usize>>,
    pub(super) having: Option<Range<usize>>,
    /// Queries in its FROM, and those of WITH that it names.
    pub(super) inner: Vec<Query>,
}

/// Words that end a FROM or a WHERE.
const CLAUSES: [&str; 10] = [
    "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "WINDOW", "UNION", "EXCEPT",
];

const SETS: [&str; 3] = ["UNION", "EXCEPT", "INTERSECT"];

/// Takes a statement apart; `None` where it is no query or is not understood.
pub(super) fn read(sql: &str) -> Option<Query> {
    let text = Text::new(sql);
    let mut all = text.all();
    while all.end > 0 && text.is(all.end - 1, ";") {
        all.end -= 1;
    }
    Reader { text: &text }.query(all, &[], &[], DEEPEST)
}

struct Reader<'a> {
    text: &'a Text<'a>,
}

impl Reader<'_> {
    fn query(
        &self,
        tokens: Range<usize>,
        with: &[String],
        named: &[Query],
        deeper: usize,
    ) -> Option<Query> {
        let deeper = deeper.checked_sub(1)?;
        let text = self.text;
        let mut tokens = text.unwrapped(tokens);
        let mut with = with.to_vec();
        let mut named = named.to_vec();
        if text.is(tokens.start, "WITH") {
            let mut at = tokens.start + 1;
            loop {
                let start = at;
                let name = text.name(at)?;
                at += 1;
                if text.is(at, "(") {
                    at = text.closing(at)? + 1;
                }
                if !text.is(at, "AS") || !text.is(at + 1, "(") {
                    return None;
                }
                let close = text.closing(at + 1)?;
                if let Some(query) = self.query(at + 2..close, &with, &named, deeper) {
                    named.push(Query {
                        name: Some(name),
                        ..query
                    });
                }
                with.push(text.slice(&(start..close + 1)).to_owned());
                at = close + 1;
                if !text.is(at, ",") {
                    break;
                }
                at += 1;
            }
            tokens.start = at;
        }
        let depth_first = tokens.start;
        let mut terms = Vec::new();
        let mut start = tokens.start;
        loop {
            let set = text.find(&(start..tokens.end), &SETS);
            let end = set.unwrap_or(tokens.end);
            terms.push(start..end);
            let Some(set) = set else { break };
            start = set + 1;
            if text.is_one_of(start, &["ALL", "DISTINCT"]) {
                start += 1;
            }
        }
        let last = terms.last()?.clone();
        let mut selects = Vec::new();
        for term in terms {
            let cut = text.find(&term, &["ORDER", "LIMIT", "OFFSET", "FETCH"]);
            let bare = text.unwrapped(term.start..cut.unwrap_or(term.end));
            if text.is(bare.start, "SELECT") {
                selects.extend(self.select(bare, &with, &named, deeper));
            } else if bare.start != depth_first || text.is(bare.start, "WITH") {
                // A query in parentheses among others.
                let query = self.query(bare, &with, &named, deeper)?;
                selects.extend(query.terms);
            }
        }
        let limit = text.find(&last, &["LIMIT"]);
        Some(Query {
            name: None,
            limit_zero: limit.is_some_and(|at| text.token(at + 1) == "0"),
            offset: text.find(&last, &["OFFSET"]).is_some(),
            terms: selects,
        })
        .filter(|query| !query.terms.is_empty())
    }

    fn select(
        &self,
        tokens: Range<usize>,
        with: &[String],
        named: &[Query],
        deeper: usize,
    ) -> Option<Select> {
        let text = self.text;
        let from = text.find(&tokens, &["FROM"])?;
        let clause = |word: &str| {
            let start = text.find(&(from..tokens.end), &[word])?;
            let rest = start + 1..tokens.end;
            let end = text.find(&rest, &CLAUSES).unwrap_or(tokens.end);
            (end > start + 1).then(|| start + 1..end)
        };
        let list = clause("FROM")?;
        let filter = clause("WHERE");
        let (tables, mut inner) = self.tables(&list, with, named, deeper);
        for (path, _) in &tables {
            if let [name] = path.as_slice() {
                let known = named.iter().rev();
                let known = known.filter(|query| query.name.as_ref() == Some(name));
                inner.extend(known.take(1).cloned());
            }
        }
        Some(Select {
            with: with.to_vec(),
            from: text.bytes(&list),
            tables,
            conditions: filter.clone().map_or_else(Vec::new, |filter| {
                self.conditions(filter)
                    .iter()
                    .map(|condition| text.bytes(condition))
                    .collect()
            }),
            filter: filter.map(|filter| text.bytes(&filter)),
            having: clause("HAVING").map(|having| text.bytes(&having)),
            inner,
        })
    }

    /// The tables and queries of a FROM.
    fn tables(
        &self,
        list: &Range<usize>,
        with: &[String],
        named: &[Query],
        deeper: usize,
    ) -> (Vec<NamedTable>, Vec<Query>) {
        let text = self.text;
        let mut tables = Vec::new();
        let mut inner = Vec::new();
        let mut at = list.start;
        let mut expected = true;
        while at < list.end {
            if expected && text.is(at, "(") {
                let close = text.closing(at).unwrap_or(list.end);
                if text.is_one_of(at + 1, &["SELECT", "WITH"]) {
                    inner.extend(self.query(at + 1..close, with, named, deeper));
                    at = close;
                }
                // Else a join in parentheses: its tables follow.
            } else if expected && text.name(at).is_some() && !text.is(at + 1, "(") {
                let start = at;
                let mut path: Vec<String> = text.name(at).into_iter().collect();
                while text.is(at + 1, ".") {
                    path.extend(text.name(at + 2));
                    at += 2;
                }
                let alias = if text.is(at + 1, "AS") {
                    at + 2
                } else {
                    at + 1
                };
                if alias < list.end && text.name(alias).is_some() && !text.is(alias + 1, "(") {
                    at = alias;
                }
                tables.push((path, text.bytes(&(start..at + 1))));
            } else if text.is(at, "(") {
                at = text.closing(at).unwrap_or(list.end);
            }
            expected = text.is_one_of(at, &["JOIN", ",", "("]);
            at += 1;
        }
        (tables, inner)
    }

    /// The conditions that AND puts together; what OR puts together is one.
    fn conditions(&self, tokens: Range<usize>) -> Vec<Range<usize>> {
        let text = self.text;
        let tokens = text.unwrapped(tokens);
        let depth = text.depth(tokens.start);
        let mut parts = Vec::new();
        let mut start = tokens.start;
        let mut cases = 0_usize;
        let mut between = false;
        for at in tokens.clone() {
            if text.depth(at) != depth {
                continue;
            }
            if text.is(at, "CASE") {
                cases += 1;
            } else if text.is(at, "END") {
                cases = cases.saturating_sub(1);
            } else if cases > 0 {
            } else if text.is(at, "BETWEEN") {
                between = true;
            } else if text.is(at, "OR") {
                return vec![tokens];
            } else if text.is(at, "AND") {
                if between {
                    between = false;
                } else {
                    parts.push(start..at);
                    start = at + 1;
                }
            }
        }
        parts.push(start..tokens.end);
        parts.retain(|part| !part.is_empty());
        if parts.len() < 2 {
            return parts;
        }
        parts
            .into_iter()
            .flat_map(|part| self.conditions(part))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn conditions(sql: &str) -> Vec<&str> {
        let query = read(sql).unwrap();
        let select = query.terms.first().unwrap();
        let conditions = select.conditions.iter();
        conditions.map(|range| &sql[range.clone()]).collect()
    }

    #[test]
    fn conditions_are_split_where_and_stands_between_them() {
        assert_eq!(
            conditions(
                "SELECT a FROM t WHERE a = 1 AND (b = 'x AND y' AND c BETWEEN 1 AND 2) AND \
                 CASE WHEN a = 1 AND b = '' THEN true ELSE false END AND (d = 1 OR e = 2) LIMIT 5"
            ),
            [
                "a = 1",
                "b = 'x AND y'",
                "c BETWEEN 1 AND 2",
                "CASE WHEN a = 1 AND b = '' THEN true ELSE false END",
                "d = 1 OR e = 2"
            ]
        );
        assert_eq!(
            conditions("SELECT a FROM t WHERE a = 1 AND b = 2 OR c = 3").len(),
            1
        );
        assert_eq!(
            conditions("SELECT a FROM t WHERE (a = 1) AND (b = 2)"),
            ["a = 1", "b = 2"]
        );
        assert!(conditions("SELECT a FROM t").is_empty());
    }

    #[test]
    fn tables_queries_and_sets_are_found() {
        let sql = "WITH x AS (SELECT * FROM db.\"T\" AS t WHERE a = 1), y AS (SELECT 1 FROM x) \
                   SELECT * FROM x JOIN u v ON x.a = v.a CROSS JOIN UNNEST(v.list) AS w(i) \
                   WHERE b = 2 UNION ALL SELECT * FROM (SELECT a FROM z WHERE q = 3) s LIMIT 0";
        let query = read(sql).unwrap();
        assert!(query.limit_zero);
        let [first, second] = query.terms.as_slice() else {
            panic!("{query:?}")
        };
        let names: Vec<&[String]> = first
            .tables
            .iter()
            .map(|(path, _)| path.as_slice())
            .collect();
        assert_eq!(
            names,
            [["x".to_owned()].as_slice(), ["u".to_owned()].as_slice()]
        );
        assert_eq!(first.with.len(), 2);
        assert_eq!(&sql[first.tables[1].1.clone()], "u v");
        let inner = &first.inner[0].terms[0];
        assert_eq!(inner.tables[0].0, ["db", "t"]);
        assert_eq!(&sql[inner.conditions[0].clone()], "a = 1");
        assert_eq!(
            &sql[second.inner[0].terms[0].conditions[0].clone()],
            "q = 3"
        );
    }

    #[test]
    fn what_is_no_query_is_not_read() {
        for sql in [
            "",
            "SHOW TABLES",
            "SELECT 1",
            "WITH x AS",
            "WITH x AS (",
            "(((",
        ] {
            assert_eq!(read(sql), None, "{sql}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_text_is_borne(
            sql in "(SELECT |FROM |WHERE |WITH |AND |OR |a|x AS |\\(|\\)|,|'|\"|\\.|= |BETWEEN |UNION |é| ){0,40}"
        ) {
            if let Some(query) = read(&sql) {
                for select in &query.terms {
                    prop_assert!(sql.get(select.from.clone()).is_some());
                    for condition in &select.conditions {
                        prop_assert!(sql.get(condition.clone()).is_some_and(|c| !c.is_empty()));
                    }
                }
            }
        }
    }
}
