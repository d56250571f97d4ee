//! Functions with Trino's semantics: NULL rules, 1-based places, errors where Trino raises them.
//!
//! Owns every function that a statement may call: one family a file, each entry with its
//! documentation, from which `docs/sql.md` is made. DataFusion's own functions serve where they
//! already mean the same ([`native`]); ours stand in front where they differ. What is in neither
//! list is refused by the dialect through [`is_supported`], so that nothing of DataFusion's own
//! meaning slips in. Knows nothing of lakes, statements or their text.

mod aggregates;
mod arrays;
mod binary;
mod bitwise;
mod casts;
mod conditional;
mod dates;
mod json;
mod kernel;
mod maps;
mod math;
mod native;
mod network;
mod reference;
mod regexp;
mod strings;
#[cfg(test)]
mod testing;
mod types;
mod url;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use datafusion::execution::context::SessionContext;

use kernel::Function;
pub use kernel::{Family, FunctionDoc};
pub(super) use network::{readable, readable_type};
pub use reference::reference;
pub(super) use types::{json_field, trino_name as type_name};

/// All scalar functions of ours.
fn scalars() -> Vec<Function> {
    [
        conditional::functions(),
        strings::functions(),
        regexp::functions(),
        url::functions(),
        binary::functions(),
        dates::functions(),
        json::functions(),
        arrays::functions(),
        maps::functions(),
        network::functions(),
        math::functions(),
        bitwise::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Puts the functions into a session, in front of DataFusion's of the same names.
///
/// The parser gives some calls a syntax of their own and DataFusion then plans its own function
/// without asking for the name: `substring`, `trim`, `position`, `ceil`, `floor` and `extract`. The
/// dialect turns these into plain calls of `substr`, `trim`, `strpos`, `ceil`, `floor`, `year` …
pub fn register(context: &SessionContext) {
    for function in scalars() {
        context.register_udf(function.into_udf());
    }
    for aggregate in aggregates::functions() {
        context.register_udaf(aggregate.function);
    }
    for cast in casts::functions() {
        context.register_udf(cast);
    }
    native::register(context);
}

/// Every function that a statement may call, by family and name.
pub fn catalogue() -> Vec<FunctionDoc> {
    let mut docs: Vec<FunctionDoc> = scalars()
        .iter()
        .map(|function| function.doc().clone())
        .chain(
            aggregates::functions()
                .into_iter()
                .map(|aggregate| aggregate.doc),
        )
        .chain(casts::docs())
        .chain(native::docs())
        .collect();
    docs.sort_by_key(|doc| (doc.family, doc.name));
    docs
}

static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    catalogue()
        .iter()
        .flat_map(|doc| std::iter::once(doc.name).chain(doc.aliases.iter().copied()))
        .collect()
});

/// Whether a statement may call a function of this name; case does not count.
pub fn is_supported(name: &str) -> bool {
    NAMES.contains(name.to_lowercase().as_str())
}

/// The supported names most like a name that is not, best first, at most three.
pub fn nearest(name: &str) -> Vec<&'static str> {
    let name = name.to_lowercase();
    let mut likely: Vec<(f64, &'static str)> = NAMES
        .iter()
        .map(|known| (strsim::jaro_winkler(&name, known), *known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .collect();
    likely.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    likely.into_iter().take(3).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use datafusion::execution::FunctionRegistry;

    use super::*;

    /// What the dialect makes of a call itself.
    const SYNTAX: [&str; 16] = [
        "all_match",
        "any_match",
        "cast",
        "current_date",
        "current_time",
        "current_timestamp",
        "filter",
        "localtime",
        "localtimestamp",
        "none_match",
        "now",
        "transform",
        "try",
        "try_cast",
        "coalesce",
        "nullif",
    ];
    const LAMBDAS: [&str; 5] = [
        "map_filter",
        "reduce",
        "transform_keys",
        "transform_values",
        "zip_with",
    ];

    #[test]
    fn what_the_catalogue_lists_exists() {
        let state = testing::session().state();
        for doc in catalogue() {
            for name in std::iter::once(&doc.name).chain(doc.aliases) {
                let known =
                    state.udf(name).is_ok() || state.udaf(name).is_ok() || state.udwf(name).is_ok();
                assert!(
                    known || SYNTAX.contains(name) || LAMBDAS.contains(name),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn names_are_listed_once_and_said_in_a_sentence() {
        let mut seen = BTreeSet::new();
        for doc in catalogue() {
            for name in std::iter::once(&doc.name).chain(doc.aliases) {
                assert!(seen.insert(*name), "{name} is listed twice");
            }
            assert!(
                doc.purpose
                    .starts_with(|first: char| first.is_uppercase() || first == '-'),
                "{}",
                doc.name
            );
            assert!(!doc.purpose.ends_with('.'), "{}", doc.name);
        }
    }

    #[test]
    fn arguments_may_come_in_any_layout() {
        for layout in ["Utf8", "LargeUtf8", "Utf8View"] {
            let text = format!("arrow_cast('a,b', '{layout}')");
            testing::gives(&format!("length({text})"), "3");
            testing::gives(&format!("split({text}, ',')"), "[a, b]");
            testing::gives(&format!("regexp_replace({text}, 'b', {text})"), "a,a,b");
            testing::gives(&format!("contains([{text}], {text})"), "true");
            testing::gives(&format!("concat_ws('-', [{text}])"), "a,b");
            testing::gives(&format!("array_join([{text}], '')"), "a,b");
            testing::gives(
                &format!("json_extract_scalar(concat('[\"', {text}, '\"]'), '$[0]')"),
                "a,b",
            );
            testing::gives(&format!("cast_value({text}, 'json')"), "\"a,b\"");
        }
        for list in ["List(Int32)", "LargeList(Int32)", "FixedSizeList(2, Int32)"] {
            let list = format!("arrow_cast([7, 8], '{list}')");
            testing::gives(&format!("element_at({list}, -1)"), "8");
            testing::gives(&format!("cardinality({list})"), "2");
            testing::gives(&format!("contains({list}, 7)"), "true");
        }
        for unit in ["s", "ms", "us", "ns"] {
            let time = format!("arrow_cast(TIMESTAMP '2026-01-02 03:04:05', 'Timestamp({unit})')");
            testing::gives(&format!("hour({time})"), "3");
            testing::gives(&format!("to_unixtime({time}) = 1767323045"), "true");
            testing::gives(&format!("date_trunc('day', {time})"), "2026-01-02T00:00:00");
        }
    }

    #[test]
    fn no_rows_give_no_rows() {
        for call in [
            "split(v, ',')",
            "regexp_extract(v, 'a')",
            "json_extract(v, '$')",
            "concat(v, v)",
            "element_at([v], 1)",
            "zip([v], [v])",
            "map([v], [v])",
            "date_parse(v, '%Y')",
            "cast_value(v, 'json')",
            "try_cast_value(v, 'bigint')",
            "greatest(v, v)",
        ] {
            let sql = format!("SELECT count({call}) FROM (VALUES ('a')) AS t(v) WHERE v = 'b'");
            assert_eq!(
                testing::shown(&testing::column(&sql).unwrap()),
                ["0"],
                "{call}"
            );
        }
    }

    #[test]
    fn unknown_names_have_neighbours() {
        assert!(is_supported("Date_Diff"));
        assert!(!is_supported("arrow_cast"));
        assert!(!is_supported("datediff"));
        assert_eq!(nearest("datediff")[0], "date_diff");
        assert_eq!(nearest("regexp_lik")[0], "regexp_like");
        assert_eq!(nearest("xyzzy"), Vec::<&str>::new());
    }
}
