//! What a person has to fill in: placeholders in queries and commands, in the five styles that
//! published playbooks use.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Language;

/// How a placeholder is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceholderStyle {
    /// `<bucket-name>`.
    Angle,
    /// `{Region}` or `{{region}}`.
    Brace,
    /// `$REGION` or `${REGION}`.
    Shell,
    /// `BUCKET_NAME`.
    Upper,
    /// A value that only shows the form, such as AWS's example key.
    Example,
}

/// A place in a block of code that wants a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Its name in lower case with hyphens: the same for `<bucket-name>` and `BUCKET_NAME`.
    pub name: String,
    /// How it is written.
    pub style: PlaceholderStyle,
    /// Its bytes in the block's text.
    pub range: Range<usize>,
}

/// Nouns that make a bare capital word a placeholder; `GET_OBJECT` or `AWS_REGION_NAMES` are none.
const NOUNS: [&str; 24] = [
    "NAME", "NAMES", "ID", "IDS", "ARN", "BUCKET", "ACCOUNT", "REGION", "KEY", "IP", "ADDRESS",
    "DATE", "TIME", "START", "END", "USER", "USERNAME", "ROLE", "INSTANCE", "PREFIX", "HOST",
    "DOMAIN", "CLUSTER", "NUMBER",
];

struct Pattern {
    style: PlaceholderStyle,
    regex: Option<Regex>,
}

/// In order of precedence: an earlier match hides later ones inside it. A pattern that did not
/// compile would match nothing; the tests hold one example of each.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    use PlaceholderStyle::*;
    [
        (Angle, r"<([A-Za-z][A-Za-z0-9_.:/ -]*)>"),
        (Brace, r"\{\{\s*([A-Za-z][A-Za-z0-9_ -]*?)\s*\}\}"),
        (Shell, r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"),
        (Shell, r"\$([A-Za-z_][A-Za-z0-9_]*)"),
        (Brace, r"\{([A-Za-z][A-Za-z0-9_-]*)\}"),
        (Example, r"\b((?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]*EXAMPLE[A-Z0-9]*)\b"),
        (Example, r"\b(111122223333|444455556666|123456789012)\b"),
        (Example, r"\b(amzn-s3-demo-[a-z0-9-]+)\b"),
        (Example, r"\b((?:i|sg|vol|snap|vpc|subnet|ami)-(?:1234567890abcdef0|0123456789abcdef0|[0-9a-f]*EXAMPLE))\b"),
        (Upper, r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\b"),
    ]
    .into_iter()
    .map(|(style, pattern)| Pattern {
        style,
        regex: Regex::new(pattern).ok(),
    })
    .collect()
});

/// The places of placeholders in a statement, in order: what of a playbook's query is still to be
/// filled in.
pub fn placeholders(sql: &str) -> Vec<Range<usize>> {
    let found = find(sql, Language::Sql);
    found.into_iter().map(|found| found.range).collect()
}

/// The placeholders of a block, in order. A drawing or a policy has none.
pub(super) fn find(text: &str, language: Language) -> Vec<Placeholder> {
    if language == Language::Other {
        return Vec::new();
    }
    let mut found: Vec<Placeholder> = Vec::new();
    for pattern in PATTERNS.iter() {
        let Some(regex) = &pattern.regex else {
            continue;
        };
        for captures in regex.captures_iter(text) {
            let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else {
                continue;
            };
            let range = whole.range();
            let overlaps = found
                .iter()
                .any(|known| known.range.start < range.end && range.start < known.range.end);
            let fits = match pattern.style {
                // Between SQL's comparisons anything may stand.
                PlaceholderStyle::Angle => {
                    language != Language::Sql || !name.as_str().contains(' ')
                }
                PlaceholderStyle::Upper => is_bare(name.as_str(), text, &range, language),
                _ => true,
            };
            if fits && !overlaps {
                found.push(Placeholder {
                    name: name_of(name.as_str(), pattern.style),
                    style: pattern.style,
                    range,
                });
            }
        }
    }
    found.sort_by_key(|placeholder| placeholder.range.start);
    found
}

fn name_of(written: &str, style: PlaceholderStyle) -> String {
    if style == PlaceholderStyle::Example {
        return written.to_owned();
    }
    written.trim().to_lowercase().replace(['_', ' '], "-")
}

/// Whether a capital word wants a value: its last or only part, or the one before a number, is a
/// noun of the list. One word alone counts in commands only, where `--bucket BUCKET` is usual.
fn is_bare(word: &str, text: &str, range: &Range<usize>, language: Language) -> bool {
    let mut parts = word.split('_').rev();
    let last = parts
        .by_ref()
        .find(|part| !part.bytes().all(|b| b.is_ascii_digit()));
    let noun = last.is_some_and(|part| NOUNS.contains(&part));
    let called = text
        .get(range.end..)
        .is_some_and(|rest| rest.starts_with('('));
    let assigned = language == Language::Command
        && text
            .get(range.end..)
            .is_some_and(|rest| rest.starts_with('='));
    let alone = !word.contains('_');
    noun && !called && !assigned && (!alone || language == Language::Command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str, language: Language) -> Vec<(String, PlaceholderStyle)> {
        find(text, language)
            .into_iter()
            .map(|p| (p.name, p.style))
            .collect()
    }

    #[test]
    fn every_style_is_found_in_commands() {
        use PlaceholderStyle::*;
        let text = "aws x --bucket <bucket-name> --region {Region} --y {{ target id }} \
                    --a $ACCOUNT --b ${ROLE_ARN} --c BUCKET_NAME --d FINDING_ID_1 --e REGION \
                    --key AKIAIOSFODNN7EXAMPLE --owner 111122223333";
        let expected: Vec<(String, PlaceholderStyle)> = [
            ("bucket-name", Angle),
            ("region", Brace),
            ("target-id", Brace),
            ("account", Shell),
            ("role-arn", Shell),
            ("bucket-name", Upper),
            ("finding-id-1", Upper),
            ("region", Upper),
            ("AKIAIOSFODNN7EXAMPLE", Example),
            ("111122223333", Example),
        ]
        .into_iter()
        .map(|(name, style)| (name.to_owned(), style))
        .collect();
        assert_eq!(names(text, Language::Command), expected);
    }

    #[test]
    fn sql_has_comparisons_constants_and_functions_that_are_none() {
        let text = "SELECT MAX_BY(a, b), COUNT(*) FROM t WHERE a <b AND c> d \
                    AND type = 'MANAGED_RULE_GROUP' AND t > CURRENT_TIMESTAMP AND bucket = '<bucket-name>'";
        assert_eq!(
            names(text, Language::Sql),
            vec![("bucket-name".to_owned(), PlaceholderStyle::Angle)]
        );
    }

    #[test]
    fn policies_and_drawings_have_none() {
        assert!(find("{\"a\": \"{x}\"} $Y", Language::Other).is_empty());
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.iter().all(|pattern| pattern.regex.is_some()));
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_on_characters(text in "[<>{}$A-Z_a-zß ]{0,40}") {
            let mut end = 0;
            for placeholder in find(&text, Language::Command) {
                prop_assert!(placeholder.range.start >= end);
                prop_assert!(text.get(placeholder.range.clone()).is_some());
                end = placeholder.range.end;
            }
        }
    }
}
