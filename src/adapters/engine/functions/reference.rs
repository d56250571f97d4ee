//! The reference page of the dialect and its functions, made of the catalogue.

use std::fmt::Write as _;

use super::{FunctionDoc, catalogue};

/// What of Athena's syntax the embedded engine answers, and how.
const SYNTAX: &[(&str, &str)] = &[
    (
        "`SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT`, `OFFSET`, `FETCH FIRST`",
        "NULLs come last in either direction; `GROUP BY` and `ORDER BY` take ordinals and aliases as Trino does",
    ),
    (
        "`WITH`, subqueries, `EXISTS`, `IN`, `UNION`, `INTERSECT`, `EXCEPT`, `VALUES`",
        "also `EXISTS (SELECT … FROM UNNEST(column) …)`, `= ANY (…)`, `(a, b) IN (…)`, `EXCEPT ALL` and `INTERSECT ALL`, `TABLE name`",
    ),
    ("`JOIN` of every kind, `USING`, comma lists", ""),
    (
        "`CROSS JOIN UNNEST(a [, b …]) [WITH ORDINALITY] AS t(x, …)`, comma and `LEFT JOIN … ON true`",
        "arrays and maps, also chained off the previous one; an array of rows gives one column where the alias names one, else one for each field",
    ),
    ("`GROUPING SETS`, `ROLLUP`, `CUBE`", ""),
    (
        "Window functions with frames, `FILTER (WHERE …)`, `ORDER BY` within aggregates",
        "",
    ),
    (
        "`actor.user.name`, `resources[1].uid`, `unmapped['key']`, `element_at(a, 1).type`",
        "places count from 1; a subscript outside is an error, `element_at` gives NULL",
    ),
    (
        "Lambdas: `any_match(resources, r -> r.type = 'x')`",
        "see the functions with a lambda",
    ),
    (
        "`CAST`, `TRY_CAST`, `TRY`",
        "to and from JSON and IPADDRESS, arrays, maps and rows",
    ),
    (
        "`ARRAY[…]`, `ROW(…)`, `MAP(ARRAY[…], ARRAY[…])`, `DATE '…'`, `TIMESTAMP '…'`, `INTERVAL '…' DAY`",
        "intervals also as `INTERVAL '1' DAY * n`; `DECIMAL '1.50'`, `0x1F`, `0b11`, `U&'\\00e9'`",
    ),
    (
        "`AT TIME ZONE`",
        "a time without zone is UTC and is converted",
    ),
    (
        "`BETWEEN`, `LIKE … ESCAPE`, `IS [NOT] DISTINCT FROM`, `CASE`, `EXTRACT(field FROM x)`, `||`",
        "",
    ),
    (
        "Names quoted, dotted and with their catalog",
        "as Athena's console writes them",
    ),
    ("`?` parameters", "filled by position"),
    (
        "`DESCRIBE table`, `information_schema`",
        "`columns`, `tables` and `schemata`, with types as Athena writes them",
    ),
    (
        "`+`, `-`, `*` and `sum` of whole numbers",
        "an error where the result is too large for its type",
    ),
];

/// Where the embedded engine knowingly differs from Athena.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "Times with a zone of their own",
        "A column has one zone. `from_iso8601_timestamp` and `parse_datetime` give UTC; the zone in `at_timezone`, `with_timezone` and `from_unixtime` must be a constant",
    ),
    (
        "Numbers with a point",
        "`1.5` is a `double`, where Trino has a `decimal`; write `DECIMAL '1.5'` or a cast for exact arithmetic",
    ),
    ("Integers", "Functions take and give `bigint`"),
    (
        "Regular expressions",
        "Linear in the text's length, so without look-around and back-references",
    ),
    (
        "`approx_percentile`, `approx_distinct`",
        "Other sketches than Trino's: both are close to the truth, but not the same number",
    ),
    (
        "`CAST(x AS char(n))`",
        "Cuts, but does not fill with blanks",
    ),
    ("`ipprefix`", "Networks are text such as `10.0.0.0/8`"),
    (
        "What is missing",
        "The types `uuid`, `hyperloglog`, `qdigest` and `time with time zone`; geospatial and machine-learning functions; `MATCH_RECOGNIZE`, `JSON_TABLE`, `FETCH FIRST … WITH TIES`, `FOR TIMESTAMP AS OF`, `UESCAPE`",
    ),
    (
        "Missing functions",
        "`json_query`, `json_value`, `json_exists`, `json_object`, `json_array` (write `json_extract`, `json_extract_scalar`), `normalize`, `xxhash64`, `murmur3`, `spooky_hash_v2_64`, `soundex`, `luhn_check`, `word_stem`, `shuffle`, `map_zip_with`, `reduce_agg`, `checksum`, `numeric_histogram`, `entropy`, `kurtosis`, `regr_slope` and its like, and `array_sort` and `regexp_replace` with a lambda",
    ),
    (
        "Subqueries",
        "`IN` and `EXISTS` stand in `WHERE` and `HAVING`, not among the columns. A correlated subquery for one value is an aggregate, tied to the outer query by equalities alone; `LATERAL` without a table of its own, `NOT IN` of a row, and `EXCEPT ALL` and `INTERSECT ALL` of a `*` are refused",
    ),
    (
        "`\"$path\"`",
        "Where each row's file lies: `s3://bucket/key` where the folders name the bucket, else the path on this machine. Not beside a `*` over several tables",
    ),
];

/// The page, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# SQL of the embedded engine\n\n\
         <!-- Made from the code: LAKEHOUND_REGENERATE=1 cargo test --test docs_sql -->\n\n\
         The embedded engine answers Athena's SQL (engine version 3, Trino's dialect). Statements that are not \
         queries are refused. A function or syntax that is not on this page is refused by name and place; \
         nothing is approximated.\n\n## Syntax\n\n| what | how |\n| --- | --- |\n",
    );
    for (what, how) in SYNTAX {
        line(&mut page, &[what, how]);
    }
    page.push_str("\n## Known differences\n\n| where | what |\n| --- | --- |\n");
    for (place, what) in DIFFERENCES {
        line(&mut page, &[place, what]);
    }
    let docs = catalogue();
    let names: usize = docs.iter().map(|doc| 1 + doc.aliases.len()).sum();
    // Writing into a String cannot fail.
    let _ = writeln!(
        page,
        "\n## Functions\n\n{names} names. NULL in gives NULL out where nothing else is said."
    );
    let mut family = None;
    for doc in &docs {
        if family != Some(doc.family) {
            family = Some(doc.family);
            let _ = writeln!(
                page,
                "\n### {}\n\n| function | gives |\n| --- | --- |",
                doc.family.title()
            );
        }
        line(&mut page, &[&called(doc), &purpose(doc)]);
    }
    page
}

fn called(doc: &FunctionDoc) -> String {
    let forms = doc.signature.split(" or ").map(|form| format!("`{form}`"));
    let mut text = forms.collect::<Vec<_>>().join(" or ");
    let aliases: Vec<String> = doc
        .aliases
        .iter()
        .filter(|alias| !doc.signature.contains(*alias))
        .map(|alias| format!("`{alias}`"))
        .collect();
    if !aliases.is_empty() {
        let _ = write!(text, ", also {}", aliases.join(", "));
    }
    text
}

fn purpose(doc: &FunctionDoc) -> String {
    match doc.note {
        "" => doc.purpose.to_owned(),
        note => format!(
            "{}. *{}{}*",
            doc.purpose,
            note[..1].to_uppercase(),
            &note[1..]
        ),
    }
}

fn line(page: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}
