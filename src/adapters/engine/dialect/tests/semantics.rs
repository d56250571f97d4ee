//! What statements mean where Trino and the planner differ.

use super::super::testing::{create, failure, failure_in, names_in, rows, rows_in, session};
use super::lake;
use crate::domain::query::QueryErrorKind;

#[test]
fn a_condition_that_may_fail_is_asked_only_where_the_one_before_it_holds() {
    let context = session();
    create(
        &context,
        "bags",
        "SELECT * FROM (VALUES (1, ARRAY['x', 'y'], '1'), (2, CAST(ARRAY[] AS array(varchar)), 'n'), (3, ARRAY['z'], NULL)) AS t(id, xs, word)",
    );
    assert_eq!(
        rows_in(
            &context,
            "SELECT id FROM bags WHERE cardinality(xs) > 0 AND xs[1] = 'x'"
        ),
        ["1"]
    );
    assert_eq!(
        rows_in(
            &context,
            "SELECT id FROM bags WHERE (cardinality(xs) = 0 OR xs[1] = 'x') ORDER BY id"
        ),
        ["1", "2"]
    );
    assert_eq!(
        rows_in(
            &context,
            "SELECT id, regexp_like(word, '^[0-9]+$') AND CAST(word AS bigint) = 1 FROM bags ORDER BY id"
        ),
        ["1 | true", "2 | false", "3 | NULL"]
    );
    assert_eq!(
        rows_in(
            &context,
            "SELECT id, CASE WHEN cardinality(xs) > 1 THEN xs[2] END FROM bags ORDER BY id"
        ),
        ["1 | y", "2 | NULL", "3 | NULL"]
    );
}

#[test]
fn long_chains_keep_their_meaning_and_their_order() {
    let context = session();
    create(
        &context,
        "bags",
        "SELECT * FROM (VALUES (1, ARRAY['x', 'y']), (2, CAST(ARRAY[] AS array(varchar)))) AS t(id, xs)",
    );
    let padding = "id > 0 AND ".repeat(12);
    assert_eq!(
        rows_in(
            &context,
            &format!(
                "SELECT id FROM bags WHERE {padding} cardinality(xs) > 1 AND {padding} xs[2] = 'y'"
            )
        ),
        ["1"]
    );
    let choices: Vec<String> = (100..3_000).map(|n| format!("id = {n}")).collect();
    assert_eq!(
        rows_in(
            &context,
            &format!(
                "SELECT id FROM bags WHERE {} OR id = 2",
                choices.join(" OR ")
            )
        ),
        ["2"]
    );
}

#[test]
fn types_that_trino_does_not_compare_are_refused() {
    let lake = lake();
    for (sql, words) in [
        (
            "SELECT id FROM events WHERE time > '2026-01-01'",
            "time and a varchar",
        ),
        (
            "SELECT id FROM events WHERE id = '1'",
            "number and a varchar",
        ),
        (
            "SELECT id FROM events WHERE time BETWEEN '2026-01-01' AND '2026-02-01'",
            "time and a varchar",
        ),
        (
            "SELECT id FROM events WHERE id IN ('1', '2')",
            "number and a varchar",
        ),
        (
            "SELECT id FROM events WHERE id LIKE '1%'",
            "LIKE takes a varchar",
        ),
        ("SELECT 'a' + 1", "arithmetic"),
        (
            "SELECT a.id FROM events a JOIN events b ON a.id = b.actor.user.uid",
            "number and a varchar",
        ),
    ] {
        let error = failure_in(&lake, sql);
        assert!(error.message.contains(words), "{sql}: {error:?}");
        assert_eq!(error.kind, QueryErrorKind::Invalid, "{sql}");
    }
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id FROM events WHERE time > DATE '2026-01-01' AND time < TIMESTAMP '2026-01-03'"
        ),
        ["2"]
    );
}

#[test]
fn samples_keep_all_or_nothing_at_the_ends() {
    let lake = lake();
    assert_eq!(
        rows_in(
            &lake,
            "SELECT count(*) FROM events TABLESAMPLE BERNOULLI (100)"
        ),
        ["2"]
    );
    assert_eq!(
        rows_in(
            &lake,
            "SELECT count(e.id) FROM events AS e TABLESAMPLE SYSTEM (0)"
        ),
        ["0"]
    );
}

#[test]
fn functions_that_athena_lacks_are_refused_by_name_and_place() {
    for (sql, name, column) in [
        ("SELECT arrow_cast(1, 'Int8')", "ARROW_CAST", 8),
        ("SELECT 1, datediff('day', a, b) FROM t", "DATEDIFF", 11),
        ("SELECT subscript(ARRAY[1], 1)", "SUBSCRIPT", 8),
        ("SELECT my.function(1)", "MY.FUNCTION", 8),
    ] {
        let error = failure(sql);
        assert_eq!(error.kind, QueryErrorKind::Unsupported, "{sql}: {error:?}");
        assert!(error.message.ends_with(name), "{sql}: {error:?}");
        assert_eq!(error.position.unwrap().column, column, "{sql}");
    }
    assert_eq!(
        failure("SELECT datediff(1)").hint.as_deref(),
        Some("Did you mean date_diff?")
    );
}

#[test]
fn values_have_places_for_names() {
    let context = session();
    for sql in [
        "VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC LIMIT 1",
        "SELECT * FROM (VALUES (2, 'b'))",
    ] {
        assert_eq!(rows_in(&context, sql), ["2 | b"], "{sql}");
        assert_eq!(names_in(&context, sql), ["_col0", "_col1"], "{sql}");
    }
    assert_eq!(
        rows("SELECT x + 1 FROM (SELECT count(*) AS x FROM (VALUES 1, 2)) WHERE x > 1"),
        ["3"]
    );
}

#[test]
fn aggregates_keep_an_order_and_a_filter() {
    let context = session();
    create(
        &context,
        "t",
        "SELECT * FROM (VALUES ('a', 2), ('b', 1), ('c', 3)) AS t(w, n)",
    );
    for (expression, expected) in [
        ("listagg(w, '-') WITHIN GROUP (ORDER BY n)", "b-a-c"),
        ("array_agg(w ORDER BY n DESC)", "[c, a, b]"),
        ("count(*) FILTER (WHERE n > 1)", "2"),
        ("count_if(n > 1)", "2"),
        ("max_by(w, n)", "c"),
        ("sum(n) / count(*)", "2"),
        ("approx_percentile(n, 0.5)", "2"),
        ("cardinality(map_agg(w, n))", "3"),
    ] {
        assert_eq!(
            rows_in(&context, &format!("SELECT {expression} FROM t")),
            [expected],
            "{expression}"
        );
    }
    assert_eq!(
        rows_in(
            &context,
            "SELECT w, n, grouping(w) FROM t GROUP BY GROUPING SETS ((w, n), ()) HAVING count(*) > 0 ORDER BY n LIMIT 2"
        ),
        ["b | 1 | 0", "a | 2 | 0"]
    );
    assert_eq!(
        rows_in(
            &context,
            "SELECT w, row_number() OVER (ORDER BY n) AS r FROM t ORDER BY r OFFSET 1 FETCH FIRST 1 ROW ONLY"
        ),
        ["a | 2"]
    );
}

#[test]
fn literals_have_the_type_that_is_written() {
    for (expression, expected) in [
        ("DECIMAL '1.5'", "1.5"),
        ("typeof(DECIMAL '1.50')", "decimal(3,2)"),
        ("typeof(DECIMAL '-12')", "decimal(2,0)"),
        ("DECIMAL '0.05' + DECIMAL '0.1'", "0.15"),
        ("typeof(DECIMAL '0.05')", "decimal(2,2)"),
        ("DECIMAL '12345678901234567890.5'", "12345678901234567890.5"),
    ] {
        assert_eq!(
            super::super::testing::value(expression),
            expected,
            "{expression}"
        );
    }
    for text in ["1.5x", "", ".", "123456789012345678901234567890123456789"] {
        let error = failure(&format!("SELECT DECIMAL '{text}'"));
        assert_eq!(error.kind, QueryErrorKind::Invalid, "{error:?}");
        assert!(error.position.is_some(), "{error:?}");
    }
}

#[test]
fn null_stands_beside_json() {
    assert_eq!(
        rows("SELECT x FROM (VALUES (json '1'), (NULL), (json '\"a\"')) AS t(x)"),
        ["1", "NULL", "\"a\""]
    );
    assert_eq!(
        rows("SELECT json_format(x) FROM (VALUES (NULL), (CAST('a' AS json))) AS t(x)"),
        ["NULL", "\"a\""]
    );
}
