//! The documented table names in shipped texts, replaced by the names that a lake has for them.
//!
//! Saved queries and playbooks name tables as Security Lake does in one Region, so that they also
//! run in Athena's own console. A lake may call them otherwise, or hold several Regions: before such
//! a text is used, its names are bound to the lake's.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::lake::{Source, SourceVersion, told_by_name};

/// How every documented table begins.
const PREFIX: &str = "amazon_security_lake_table_";

/// What a lake calls the documented tables, ready to stand in a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableNames(HashMap<(Source, SourceVersion), String>);

impl TableNames {
    /// The short names of the embedded engine, each of which spans all Regions of the lake.
    pub fn short() -> Self {
        let both = |source| SourceVersion::ALL.map(|version| (source, version));
        let name = |(source, version): (Source, SourceVersion)| {
            let name = format!("{}_{}", source.alias(), version.suffix());
            ((source, version), name)
        };
        Self(Source::ALL.into_iter().flat_map(both).map(name).collect())
    }

    /// Calls a documented table by this name from now on.
    pub fn set(&mut self, source: Source, version: SourceVersion, name: impl Into<String>) {
        self.0.insert((source, version), name.into());
    }

    /// The lake's name for a table that is documented under this bare one.
    fn name_of(&self, bare: &str) -> Option<&String> {
        self.0.get(&told_by_name(bare.strip_prefix(PREFIX)?)?)
    }

    /// Whether what follows a name is its table: then the name is a database's, whatever it looks
    /// like.
    fn is_a_database(&self, after: &str) -> bool {
        let Some(next) = after.strip_prefix('.') else {
            return false;
        };
        let next = next.strip_prefix('"').unwrap_or(next);
        self.name_of(&next[..word_length(next)]).is_some()
    }

    /// The text with the lake's names in place of the documented ones; a table without another name
    /// keeps its own.
    pub fn bind<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut bound = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| rest.find(PREFIX)) {
            let start = from + found;
            let end = start + word_length(&text[start..]);
            from = end;
            if text[..start].ends_with(is_word) {
                continue;
            }
            if let Some(name) = self.name_of(&text[start..end]) {
                let (start, end) = whole_name(text, start, end);
                if start >= done && !self.is_a_database(&text[end..]) {
                    bound.push_str(&text[done..start]);
                    bound.push_str(name);
                    done = end;
                    from = end;
                }
            }
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        bound.push_str(&text[done..]);
        Cow::Owned(bound)
    }
}

/// From a table's bare name to the name with its quotes, its database and its catalogue.
fn whole_name(text: &str, mut start: usize, mut end: usize) -> (usize, usize) {
    (start, end) = with_quotes(text, start, end);
    for _ in 0..2 {
        let Some(before) = text[..start].strip_suffix('.') else {
            break;
        };
        let part_end = before.len();
        let part_start = match before.strip_suffix('"') {
            Some(inside) => inside.rfind('"'),
            None => {
                let word: usize = before.chars().rev().take_while(|c| is_word(*c)).count();
                // Words are ASCII: a character is a byte.
                (word > 0).then(|| part_end - word)
            }
        };
        match part_start {
            Some(part) => start = part,
            None => break,
        }
    }
    (start, end)
}

fn with_quotes(text: &str, start: usize, end: usize) -> (usize, usize) {
    if text[..start].ends_with('"') && text[end..].starts_with('"') {
        (start - 1, end + 1)
    } else {
        (start, end)
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::TableName;
    use proptest::prelude::*;

    #[test]
    fn every_spelling_of_a_documented_table_is_replaced() {
        let table = "amazon_security_lake_table_us_east_1_vpc_flow_2_0";
        let database = "amazon_security_lake_glue_db_us_east_1";
        for written in [
            table.to_owned(),
            format!("{database}.{table}"),
            format!("\"{database}\".\"{table}\""),
            format!("awsdatacatalog.{database}.{table}"),
        ] {
            let sql = format!("SELECT 1 FROM {written} AS v WHERE x = 'é'");
            assert_eq!(
                TableNames::short().bind(&sql),
                "SELECT 1 FROM vpc_flow_2_0 AS v WHERE x = 'é'",
                "{written}"
            );
        }
    }

    #[test]
    fn a_database_that_is_called_like_a_table_is_a_database() {
        let name = "amazon_security_lake_table_us_east_1_vpc_flow_2_0";
        let names = TableNames::short();
        for written in [format!("{name}.{name}"), format!("\"{name}\".\"{name}\"")] {
            assert_eq!(names.bind(&written), "vpc_flow_2_0");
        }
        let column = format!("{name}.time_dt");
        assert_eq!(names.bind(&column), "vpc_flow_2_0.time_dt");
    }

    #[test]
    fn other_names_stay_as_they_are() {
        for text in [
            "SELECT 1 FROM vpc_flow",
            "amazon_security_lake_table_us_east_1_ext_mine",
            "my_amazon_security_lake_table_us_east_1_vpc_flow_2_0",
            "amazon_security_lake_table_",
            "amazon_security_lake_table_vpc_flow_2_0",
        ] {
            assert_eq!(TableNames::short().bind(text), text);
        }
        let documented = TableName::documented("eu-west-1", Source::Waf, SourceVersion::V2);
        let text = documented.to_string();
        assert_eq!(TableNames::default().bind(&text), text);
    }

    #[test]
    fn a_lake_may_have_names_of_its_own() {
        let mut names = TableNames::default();
        names.set(Source::VpcFlow, SourceVersion::V2, "links.\"flows eu\"");
        let text = "FROM amazon_security_lake_table_eu_west_1_vpc_flow_2_0, \
                    amazon_security_lake_table_eu_west_1_waf_2_0";
        assert_eq!(
            names.bind(text),
            "FROM links.\"flows eu\", amazon_security_lake_table_eu_west_1_waf_2_0"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_borne_and_binding_twice_is_binding_once(
            text in "(amazon_security_lake_table_|us_east_1_|vpc_flow_2_0|\"|\\.|é| |x){0,12}"
        ) {
            let names = TableNames::short();
            let once = names.bind(&text).into_owned();
            prop_assert_eq!(names.bind(&once).into_owned(), once);
        }
    }
}
