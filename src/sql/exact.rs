//! The exact way to nested values: the same statement with its arrays, maps and rows as JSON.

use super::lexer::lex;
use super::parameters::quote_identifier;
use super::statements::split;

/// First words of statements that give a table's rows.
const QUERIES: &[&str] = &["SELECT", "WITH", "VALUES", "TABLE"];

/// A statement that gives the same rows, with JSON in place of the columns marked `true`; their
/// order is not fixed. `columns` are the statement's own, in order, by their display names. `None`
/// where the text is no single query, or gives no columns.
pub fn as_json(sql: &str, columns: &[(&str, bool)]) -> Option<String> {
    let [statement] = split(sql).try_into().ok()?;
    // Comments before it stay away, and a comment at its end ends with its line.
    let query = statement.text(sql);
    let tokens = lex(query);
    let mut words = tokens.iter().filter(|token| token.is_significant());
    let first = words.find(|token| token.text(query) != "(")?.text(query);
    let is_query = QUERIES.iter().any(|word| first.eq_ignore_ascii_case(word));
    if !is_query || columns.is_empty() {
        return None;
    }
    let names: Vec<String> = (1..=columns.len()).map(|n| format!("c{n}")).collect();
    let wanted = columns.iter().zip(&names).map(|((display, nested), name)| {
        let value = if *nested {
            format!("json_format(CAST({name} AS JSON))")
        } else {
            name.clone()
        };
        // A name of nothing but quotes would be refused.
        match display.is_empty() {
            true => value,
            false => format!("{value} AS {}", quote_identifier(display)),
        }
    });
    let wanted: Vec<String> = wanted.collect();
    Some(format!(
        "WITH printed ({}) AS (\n{query}\n)\nSELECT {}\nFROM printed",
        names.join(", "),
        wanted.join(",\n  "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nested_columns_become_json_under_their_own_names() {
        let sql = "-- who\nSELECT a, tags FROM t ORDER BY 1 -- last\n;";
        let exact = as_json(sql, &[("a", false), ("ta\"gs", true), ("", true)]).unwrap();
        assert_eq!(
            exact,
            "WITH printed (c1, c2, c3) AS (\nSELECT a, tags FROM t ORDER BY 1\n)\n\
             SELECT c1 AS \"a\",\n  json_format(CAST(c2 AS JSON)) AS \"ta\"\"gs\",\n  \
             json_format(CAST(c3 AS JSON))\nFROM printed"
        );
    }

    #[test]
    fn parameters_keep_their_places_and_what_is_no_query_stays() {
        let exact = as_json("SELECT ? FROM t WHERE b = ?", &[("x", true)]).unwrap();
        assert_eq!(exact.matches('?').count(), 2);
        for sql in [
            "SHOW TABLES",
            "SELECT 1; SELECT 2",
            "",
            "INSERT INTO t SELECT 1",
        ] {
            assert_eq!(as_json(sql, &[("x", true)]), None, "{sql}");
        }
        assert_eq!(as_json("SELECT 1", &[]), None);
    }

    proptest! {
        #[test]
        fn no_name_changes_the_statements_shape(name in any::<String>()) {
            let exact = as_json("SELECT 1 FROM t", &[(&name, true)]).unwrap();
            prop_assert_eq!(split(&exact).len(), 1);
            let plain = as_json("SELECT 1 FROM t", &[("n", true)]).unwrap();
            let shape = |sql: &str| {
                let tokens = lex(sql);
                let kept = tokens.iter().filter(|token| token.is_significant());
                kept.map(|token| token.kind).collect::<Vec<_>>()
            };
            if !name.is_empty() {
                prop_assert_eq!(shape(&exact), shape(&plain));
            }
        }
    }
}
