//! DataFusion's own functions that already mean what Trino's do, and those that the dialect brings.

use datafusion::execution::context::SessionContext;
use datafusion::functions::math;

use super::kernel::{Family, FunctionDoc};

/// One row of the tables below: name, other names, signature, purpose.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const CONDITIONAL: &[Row] = &[
    (
        "coalesce",
        &[],
        "coalesce(a, b, …)",
        "The first value that is not NULL",
    ),
    (
        "nullif",
        &[],
        "nullif(a, b)",
        "NULL where both are equal, else the first",
    ),
    (
        "try",
        &[],
        "TRY(expression)",
        "The value, or NULL where working it out fails",
    ),
];

const STRINGS: &[Row] = &[
    ("lower", &[], "lower(text)", "The text in lower case"),
    ("upper", &[], "upper(text)", "The text in upper case"),
];

const DATES: &[Row] = &[
    (
        "now",
        &["current_timestamp"],
        "current_timestamp, now()",
        "The time at which the statement began, with zone UTC",
    ),
    (
        "current_date",
        &[],
        "current_date",
        "The day on which the statement began, in UTC",
    ),
    (
        "current_time",
        &["localtime"],
        "current_time, localtime",
        "The time of day at which the statement began, in UTC",
    ),
    (
        "localtimestamp",
        &[],
        "localtimestamp",
        "The time at which the statement began, without zone",
    ),
];

const MATH: &[Row] = &[
    ("abs", &[], "abs(x)", "The number without its sign"),
    ("acos", &[], "acos(x)", "The arc cosine"),
    ("asin", &[], "asin(x)", "The arc sine"),
    ("atan", &[], "atan(x)", "The arc tangent"),
    (
        "atan2",
        &[],
        "atan2(y, x)",
        "The arc tangent of y / x, in the right quadrant",
    ),
    ("cbrt", &[], "cbrt(x)", "The cube root"),
    ("cos", &[], "cos(x)", "The cosine"),
    ("cosh", &[], "cosh(x)", "The hyperbolic cosine"),
    ("degrees", &[], "degrees(x)", "Radians in degrees"),
    ("exp", &[], "exp(x)", "Euler's number to the power of x"),
    ("radians", &[], "radians(x)", "Degrees in radians"),
    (
        "random",
        &["rand"],
        "random()",
        "A number from 0 on and below 1, another for each row",
    ),
    ("sin", &[], "sin(x)", "The sine"),
    ("sinh", &[], "sinh(x)", "The hyperbolic sine"),
    ("tan", &[], "tan(x)", "The tangent"),
    ("tanh", &[], "tanh(x)", "The hyperbolic tangent"),
];

const LAMBDAS: &[Row] = &[
    (
        "any_match",
        &[],
        "any_match(array, x -> condition)",
        "Whether an element meets a condition",
    ),
    (
        "all_match",
        &[],
        "all_match(array, x -> condition)",
        "Whether every element meets a condition",
    ),
    (
        "none_match",
        &[],
        "none_match(array, x -> condition)",
        "Whether no element meets a condition",
    ),
    (
        "filter",
        &[],
        "filter(array, x -> condition)",
        "The elements that meet a condition",
    ),
    (
        "transform",
        &[],
        "transform(array, x -> value)",
        "The values made of the elements",
    ),
    (
        "reduce",
        &[],
        "reduce(array, start, (state, x) -> state, state -> result)",
        "One value made of all elements in turn",
    ),
    (
        "zip_with",
        &[],
        "zip_with(a, b, (x, y) -> value)",
        "The values made of the elements at each place of two arrays",
    ),
    (
        "map_filter",
        &[],
        "map_filter(map, (key, value) -> condition)",
        "The entries that meet a condition",
    ),
    (
        "transform_keys",
        &[],
        "transform_keys(map, (key, value) -> key)",
        "The map under new keys",
    ),
    (
        "transform_values",
        &[],
        "transform_values(map, (key, value) -> value)",
        "The map with new values",
    ),
];

const AGGREGATES: &[Row] = &[
    (
        "approx_distinct",
        &[],
        "approx_distinct(x)",
        "About how many distinct values there are",
    ),
    (
        "array_agg",
        &[],
        "array_agg(x [ORDER BY …])",
        "The array of all values, NULLs too",
    ),
    ("bool_or", &[], "bool_or(x)", "Whether one is true"),
    ("corr", &[], "corr(y, x)", "The coefficient of correlation"),
    (
        "count",
        &[],
        "count(*), count(x), count(DISTINCT x)",
        "How many rows, values or distinct values there are",
    ),
    ("covar_pop", &[], "covar_pop(y, x)", "The covariance"),
    (
        "covar_samp",
        &[],
        "covar_samp(y, x)",
        "The covariance of a sample",
    ),
    (
        "grouping",
        &[],
        "grouping(a, …)",
        "Which columns a row of GROUPING SETS does not group by",
    ),
    ("max", &[], "max(x)", "The largest value"),
    ("min", &[], "min(x)", "The smallest value"),
    (
        "regr_intercept",
        &[],
        "regr_intercept(y, x)",
        "The intercept of the regression line",
    ),
    (
        "regr_slope",
        &[],
        "regr_slope(y, x)",
        "The slope of the regression line",
    ),
    (
        "stddev",
        &["stddev_samp"],
        "stddev(x)",
        "The standard deviation of a sample",
    ),
    ("stddev_pop", &[], "stddev_pop(x)", "The standard deviation"),
    ("var_pop", &[], "var_pop(x)", "The variance"),
];

const WINDOWS: &[Row] = &[
    (
        "cume_dist",
        &[],
        "cume_dist() OVER (…)",
        "The share of rows up to this one",
    ),
    (
        "dense_rank",
        &[],
        "dense_rank() OVER (…)",
        "The rank without gaps",
    ),
    (
        "first_value",
        &[],
        "first_value(x) OVER (…)",
        "The value of the frame's first row",
    ),
    (
        "lag",
        &[],
        "lag(x [, n [, otherwise]]) OVER (…)",
        "The value n rows before",
    ),
    (
        "last_value",
        &[],
        "last_value(x) OVER (…)",
        "The value of the frame's last row",
    ),
    (
        "lead",
        &[],
        "lead(x [, n [, otherwise]]) OVER (…)",
        "The value n rows after",
    ),
    (
        "nth_value",
        &[],
        "nth_value(x, n) OVER (…)",
        "The value of the frame's n-th row",
    ),
    (
        "ntile",
        &[],
        "ntile(n) OVER (…)",
        "The number of one of n groups of like size",
    ),
    (
        "percent_rank",
        &[],
        "percent_rank() OVER (…)",
        "The rank from 0 to 1",
    ),
    (
        "rank",
        &[],
        "rank() OVER (…)",
        "The rank with gaps after equals",
    ),
    (
        "row_number",
        &[],
        "row_number() OVER (…)",
        "The row's number, from 1",
    ),
];

/// What a person is told about them.
pub(super) fn docs() -> Vec<FunctionDoc> {
    let families = [
        (Family::Conditional, CONDITIONAL),
        (Family::Strings, STRINGS),
        (Family::Dates, DATES),
        (Family::Math, MATH),
        (Family::Lambdas, LAMBDAS),
        (Family::Aggregates, AGGREGATES),
        (Family::Windows, WINDOWS),
    ];
    let rows = families
        .into_iter()
        .flat_map(|(family, rows)| rows.iter().map(move |row| (family, row)));
    rows.map(
        |(family, (name, aliases, signature, purpose))| FunctionDoc {
            name,
            aliases,
            family,
            signature,
            purpose,
            note: "",
        },
    )
    .collect()
}

/// Gives DataFusion's functions the names that Trino has for them.
pub(super) fn register(context: &SessionContext) {
    context.register_udf(math::random().as_ref().clone().with_aliases(["rand"]));
}
