//! Statements as a whole: the shapes that published Security Lake queries have.

mod semantics;

use super::testing::{create, failure, names_in, rows, rows_in, session, value};
use datafusion::execution::context::SessionContext;

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
