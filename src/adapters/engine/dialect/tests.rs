//! Statements as a whole: the shapes that published Security Lake queries have.

use super::testing::{create, failure, failure_in, names_in, rows, rows_in, session, value};
use datafusion::execution::context::SessionContext;

use crate::domain::query::QueryErrorKind;

/// A lake in little: two events with nested rows, arrays of rows and a map.
fn lake() -> SessionContext {
    let context = session();
    create(
        &context,
        "events",
        "SELECT * FROM (VALUES
           (1, TIMESTAMP '2026-01-01 00:00:00 UTC', CAST(ROW(ROW('alice', 'u1')) AS ROW(user ROW(name varchar, uid varchar))),
            ARRAY[CAST(ROW('r1', 'bucket') AS ROW(uid varchar, type varchar)), CAST(ROW('r2', 'key') AS ROW(uid varchar, type varchar))],
            MAP(ARRAY['a', 'b'], ARRAY['1', '2']), ARRAY[1, 2, 3]),
           (2, TIMESTAMP '2026-01-02 00:00:00 UTC', CAST(ROW(ROW('bob', 'u2')) AS ROW(user ROW(name varchar, uid varchar))),
            ARRAY[CAST(ROW('r3', 'bucket') AS ROW(uid varchar, type varchar))],
            MAP(ARRAY['c'], ARRAY['3']), ARRAY[4])
         ) AS t(id, time, actor, resources, unmapped, numbers)",
    );
    context
}

#[test]
fn nested_fields_are_reached_by_dots_and_name_their_columns() {
    let lake = lake();
    let sql = "SELECT actor.user.name, Actor.User.UID, id AS Number, id + 1 FROM events WHERE actor.user.uid = 'u2'";
    assert_eq!(rows_in(&lake, sql), ["bob | u2 | 2 | 3"]);
    assert_eq!(names_in(&lake, sql), ["name", "UID", "Number", "_col3"]);
}

#[test]
fn order_by_reaches_what_the_select_list_leaves_out() {
    let lake = lake();
    assert_eq!(
        rows_in(&lake, "SELECT id FROM events ORDER BY time DESC LIMIT 1"),
        ["2"]
    );
    assert_eq!(
        rows_in(
            &lake,
            "SELECT actor.user.name, count(*) FROM events GROUP BY actor.user.name ORDER BY actor.user.name DESC"
        ),
        ["bob | 1", "alice | 1"]
    );
}

#[test]
fn unnest_joins_by_comma_cross_join_and_chains() {
    let lake = lake();
    let expected = ["1 | r1", "1 | r2", "2 | r3"];
    for sql in [
        "SELECT id, resource.uid FROM events, UNNEST(resources) AS t(resource) ORDER BY 2",
        "SELECT id, resource.uid FROM events CROSS JOIN UNNEST(resources) AS t(resource) ORDER BY resource.uid",
        "SELECT id, r.uid FROM events e CROSS JOIN UNNEST(e.resources) r ORDER BY r.uid",
        "SELECT id, uid FROM events LEFT JOIN UNNEST(resources) AS t(uid, type) ON TRUE ORDER BY uid",
    ] {
        assert_eq!(rows_in(&lake, sql), expected, "{sql}");
    }
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id, k, v, n FROM events, UNNEST(unmapped) AS m(k, v), UNNEST(numbers) WITH ORDINALITY AS u(x, n) WHERE x = 4"
        ),
        ["2 | c | 3 | 1"]
    );
}

#[test]
fn lambdas_reach_fields_and_outer_columns() {
    let lake = lake();
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id FROM events WHERE any_match(resources, element -> element.type = 'key')"
        ),
        ["1"]
    );
    assert_eq!(
        rows_in(
            &lake,
            "SELECT transform(filter(resources, r -> r.type = 'bucket'), r -> r.uid) FROM events WHERE id = 1"
        ),
        ["[r1]"]
    );
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id FROM events WHERE all_match(numbers, n -> n > id) OR none_match(numbers, n -> n < 4)"
        ),
        ["2"]
    );
}

#[test]
fn the_querys_time_is_one_instant() {
    assert_eq!(
        rows(
            "SELECT CURRENT_TIMESTAMP = now(), CURRENT_TIMESTAMP - INTERVAL '7' DAY < now() - interval '1' hour * 3"
        ),
        ["true | true"]
    );
    assert_eq!(
        value("TIMESTAMP '2026-01-01 12:00:00 UTC' - INTERVAL '30' MINUTE"),
        "2026-01-01T11:30:00Z"
    );
}

#[test]
fn exists_over_an_array_is_a_match() {
    let lake = lake();
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id FROM events e WHERE EXISTS (SELECT 1 FROM UNNEST(e.resources) AS t(r) WHERE r.type = 'key')"
        ),
        ["1"]
    );
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id FROM events WHERE 4 IN (SELECT n FROM UNNEST(numbers) AS t(n))"
        ),
        ["2"]
    );
}

#[test]
fn higher_order_functions_of_trino() {
    for (expression, expected) in [
        ("reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s)", "6"),
        (
            "reduce(ARRAY[1.5e0, 2.5e0], 0, (s, x) -> s + x, s -> s * 2)",
            "8.0",
        ),
        (
            "reduce(ARRAY['a', 'b'], '', (s, x) -> s || x, s -> upper(s))",
            "AB",
        ),
        (
            "reduce(CAST(NULL AS array(bigint)), 0, (s, x) -> s + x, s -> s)",
            "NULL",
        ),
        (
            "zip_with(ARRAY[1, 2], ARRAY['a', 'b', 'c'], (x, y) -> y || CAST(x AS varchar))",
            "[a1, b2, NULL]",
        ),
        (
            "map_filter(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)",
            "{b: 2}",
        ),
        (
            "transform_values(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> k || 'x')",
            "{a: ax, b: bx}",
        ),
        (
            "transform_keys(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v * 10)",
            "{10: 1, 20: 2}",
        ),
        ("try(1 / 0)", "NULL"),
        ("try(CAST('x' AS bigint))", "NULL"),
        ("try(ARRAY[1, 2][3])", "NULL"),
        ("try(5 + 1)", "6"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
    let context = lake();
    assert_eq!(
        rows_in(
            &context,
            "SELECT id, try(10 / (id - 1)), reduce(numbers, id, (s, n) -> s + n, s -> s * id) FROM events ORDER BY id"
        ),
        ["1 | NULL | 7", "2 | 10 | 12"]
    );
    assert_eq!(
        rows_in(
            &context,
            "SELECT id, transform(resources, r -> any_match(numbers, n -> n = id AND r.type = 'bucket')) FROM events ORDER BY id"
        ),
        ["1 | [true, false]", "2 | [false]"]
    );
}

#[test]
fn subscripts_count_from_one_and_fail_outside() {
    for (expression, expected) in [
        ("ARRAY[1, 2][2]", "2"),
        ("MAP(ARRAY['a'], ARRAY[7])['a']", "7"),
        ("ROW(1, 'x')[2]", "x"),
        ("ARRAY[ROW(1, 'x')][1][2]", "x"),
        ("CAST(ROW(1, 'x') AS ROW(a bigint, user varchar)).user", "x"),
        ("ARRAY[ARRAY[1], ARRAY[2, 3]][2][1]", "2"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
    for (sql, words) in [
        ("SELECT ARRAY[1][2]", "has 1 elements"),
        ("SELECT ARRAY[1][0]", "start at 1"),
        ("SELECT ARRAY[1][-1]", "negative"),
        ("SELECT MAP(ARRAY['a'], ARRAY[7])['b']", "no key b"),
    ] {
        let error = failure(sql);
        assert!(error.message.contains(words), "{sql}: {error:?}");
    }
    let lake = lake();
    assert_eq!(
        rows_in(
            &lake,
            "SELECT id, resources[1].uid, element_at(resources, 2).uid, unmapped['a'] FROM events WHERE id = 1"
        ),
        ["1 | r1 | r2 | 1"]
    );
}

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
