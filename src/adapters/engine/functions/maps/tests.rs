//! Expressions over maps.

use super::super::testing::{fails, gives, gives_rows};

const MAP: &str = "map(['a', 'b'], [1, NULL])";

#[test]
fn making_maps() {
    gives(MAP, "{a: 1, b: NULL}");
    gives(
        "map_from_entries([named_struct('k', 'x', 'v', 1)])",
        "{x: 1}",
    );
    gives(
        "multimap_from_entries([named_struct('k', 'x', 'v', 1), named_struct('k', 'x', 'v', 2)])",
        "{x: [1, 2]}",
    );
    gives(
        &format!("map_concat({MAP}, map(['b', 'c'], [2, 3]))"),
        "{a: 1, b: 2, c: 3}",
    );
    gives("split_to_map('a=1,b=2', ',', '=')", "{a: 1, b: 2}");
    fails("map(['a'], [1, 2])", "1 keys but 2 values");
    fails("map(['a', 'a'], [1, 2])", "Duplicate map keys (a)");
    fails("map([NULL], [1])", "cannot be NULL");
    fails("split_to_map('a', ',', '=')", "holds no");
}

#[test]
fn reading_maps() {
    gives(&format!("element_at({MAP}, 'a')"), "1");
    gives(&format!("element_at({MAP}, 'z')"), "NULL");
    gives(&format!("map_keys({MAP})"), "[a, b]");
    gives(&format!("map_values({MAP})"), "[1, NULL]");
    gives(
        &format!("map_entries({MAP})"),
        "[{key: a, value: 1}, {key: b, value: NULL}]",
    );
    gives(&format!("cardinality({MAP})"), "2");
    gives("element_at(map([1, 2], ['x', 'y']), 2)", "y");
    gives_rows(
        &format!("element_at({MAP}, v)"),
        "('a'), (NULL), ('c')",
        &["1", "NULL", "NULL"],
    );
}
