//! The words of Athena's SQL. Sorted, so that a look-up is a binary search.

/// Words that are drawn and completed as keywords wherever they stand outside a dotted path.
///
/// Trino's reserved words, and those of the others that structure a statement. Words that are also
/// columns of the lake (`time`, `user`, `status`, `query`, `session`) are left out on purpose.
pub(super) const KEYWORDS: &[&str] = &[
    "ALL",
    "ALTER",
    "ANALYZE",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "AT",
    "BERNOULLI",
    "BETWEEN",
    "BIGINT",
    "BOOLEAN",
    "BY",
    "CASE",
    "CAST",
    "CHAR",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DATE",
    "DAY",
    "DECIMAL",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DOUBLE",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXECUTE",
    "EXISTS",
    "EXPLAIN",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FILTER",
    "FIRST",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "HAVING",
    "HOUR",
    "IF",
    "IN",
    "INNER",
    "INSERT",
    "INTEGER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IPADDRESS",
    "IS",
    "JOIN",
    "JSON",
    "LAST",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCALTIMESTAMP",
    "MAP",
    "MINUTE",
    "MONTH",
    "NATURAL",
    "NOT",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "ORDINALITY",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PREPARE",
    "RANGE",
    "REAL",
    "RECURSIVE",
    "RIGHT",
    "ROLLUP",
    "ROW",
    "ROWS",
    "SECOND",
    "SELECT",
    "SETS",
    "SHOW",
    "SMALLINT",
    "SOME",
    "SYSTEM",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TIMESTAMP",
    "TINYINT",
    "TO",
    "TRUE",
    "TRY_CAST",
    "UNBOUNDED",
    "UNION",
    "UNLOAD",
    "UNNEST",
    "UPDATE",
    "USING",
    "VALUES",
    "VARBINARY",
    "VARCHAR",
    "VIEW",
    "WEEK",
    "WHEN",
    "WHERE",
    "WITH",
    "YEAR",
    "ZONE",
];

/// Keywords that are calls when a parenthesis follows, such as `IF(a, b, c)` and `date(x)`.
pub(super) const CALLABLE: &[&str] = &[
    "CAST", "DATE", "DAY", "EXTRACT", "GROUPING", "HOUR", "IF", "LAST", "MAP", "MINUTE", "MONTH",
    "ROW", "SECOND", "TRY_CAST", "UNNEST", "WEEK", "YEAR",
];

/// Whether the sorted list holds the word, in any case.
pub(super) fn contains(list: &[&str], word: &str) -> bool {
    list.binary_search_by(|known| {
        known
            .bytes()
            .cmp(word.bytes().map(|byte| byte.to_ascii_uppercase()))
    })
    .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(KEYWORDS.is_sorted());
        assert!(CALLABLE.is_sorted());
        assert!(CALLABLE.iter().all(|word| contains(KEYWORDS, word)));
    }

    #[test]
    fn look_up_ignores_case_and_leaves_columns_alone() {
        assert!(contains(KEYWORDS, "select"));
        assert!(contains(KEYWORDS, "Interval"));
        assert!(!contains(KEYWORDS, "user"));
        assert!(!contains(KEYWORDS, "time"));
    }
}
