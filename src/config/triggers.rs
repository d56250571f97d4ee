//! `triggers.toml`: what an item of the queue starts by itself. One table a trigger; what cannot be read is
//! reported with its line, and that trigger is left out: one that is half read would start with what
//! it was not meant for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;
use super::section::{Faults, Section};
use crate::domain::entity::EntityType;
use crate::domain::nearest::did_you_mean;
use crate::domain::severity;
use crate::domain::trigger::{
    MOST_PER_HOUR, Notice, PLACEHOLDERS, Trigger, When, Work, check_placeholders,
};

/// The largest number of starts within an hour.
const MOST_STARTS: u32 = 1_000;

/// The largest number of detections that is asked for.
const MOST_ASKED: f64 = 1e15;

/// Reads the text of a file of triggers.
pub fn parse_triggers(file: &Path, text: &str) -> (Vec<Trigger>, Vec<Problem>) {
    let mut faults = Faults::new(file, text);
    let (document, broken) = DeTable::parse_recoverable(text);
    for error in &broken {
        let span = error.span().unwrap_or_default();
        let message = format!("this is no TOML: {}", error.message());
        faults.add(
            &span,
            message,
            Some("no trigger counts until it is mended".to_owned()),
        );
    }
    let root = Section::new("", document.get_ref());
    let mut triggers = Vec::new();
    for (name, value) in root.entries() {
        let DeValue::Table(table) = value.get_ref() else {
            let hint = format!("write a trigger as [{name}]");
            faults.add(
                &value.span(),
                format!("`{name}` must be a table"),
                Some(hint),
            );
            continue;
        };
        // What is found in one trigger leaves the others alone.
        let mut own = Faults::new(file, text);
        let trigger = read(name, Section::new(name, table), &value.span(), &mut own);
        let problems = own.into_problems();
        match problems.is_empty() && broken.is_empty() {
            true => triggers.extend(trigger),
            false => faults.extend(problems),
        }
    }
    triggers.sort_by(|one, other| one.name.cmp(&other.name));
    (triggers, faults.into_problems())
}

fn read(
    name: &str,
    mut section: Section<'_>,
    span: &Range<usize>,
    faults: &mut Faults<'_>,
) -> Option<Trigger> {
    let when = When {
        severity: least_severity(&mut section, faults),
        rules: plain(section.texts("rules", faults)),
        findings: plain(section.texts("findings", faults)),
        watches: plain(section.texts("watches", faults)),
        conditions: plain(section.texts("conditions", faults)),
        entities: entities(&mut section, faults),
        accounts: plain(section.texts("accounts", faults)),
        regions: plain(section.texts("regions", faults)),
        operations: plain(section.texts("operations", faults)),
        count: whole(section.amount("count", faults)),
    };
    let mut work = Vec::new();
    let parameters = parameters(&mut section, faults);
    match section.text("query", faults) {
        Some(name) => work.push(Work::Query { name, parameters }),
        None if !parameters.is_empty() => {
            let message = format!("`{name}.parameters` has no query to go to");
            faults.add(span, message, None);
        }
        None => {}
    }
    if section.flag("enrich", faults) == Some(true) {
        work.push(Work::Enrich);
    }
    work.extend(section.text("playbook", faults).map(Work::Playbook));
    work.extend(notices(&mut section, faults));
    let most = whole(section.amount("most_per_hour", faults));
    let most = most.map(|most| u32::try_from(most).unwrap_or(MOST_STARTS));
    let most_per_hour = most.map_or(MOST_PER_HOUR, |most| most.min(MOST_STARTS));
    section.finish(faults);
    if when.is_anything() {
        let hint = "ask for a severity, a rule, an account …, or it starts with everything";
        faults.add(
            span,
            format!("`{name}` asks nothing"),
            Some(hint.to_owned()),
        );
    }
    if work.is_empty() {
        let hint = "name a query, a playbook, how to notify, or write `enrich = true`";
        faults.add(
            span,
            format!("`{name}` starts nothing"),
            Some(hint.to_owned()),
        );
    }
    Some(Trigger {
        name: name.to_owned(),
        when,
        work,
        most_per_hour,
    })
}

fn whole(amount: Option<f64>) -> Option<u64> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "brought into its bounds first"
    )]
    amount.map(|amount| amount.clamp(0.0, MOST_ASKED) as u64)
}

fn plain(texts: Vec<Spanned<String>>) -> Vec<String> {
    texts.into_iter().map(Spanned::into_inner).collect()
}

fn least_severity(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let value = section.spanned_text("severity", faults)?;
    let name = severity::id(value.get_ref()).and_then(severity::name);
    if name.is_none() {
        let message = format!(
            "`{}` is no severity: `{}`",
            section.dotted("severity"),
            value.get_ref()
        );
        let hint = "there are informational, low, medium, high, critical and fatal";
        faults.add(&value.span(), message, Some(hint.to_owned()));
    }
    name.map(str::to_owned)
}

fn entities(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<EntityType> {
    let mut types = Vec::new();
    for value in section.texts("entities", faults) {
        match value.get_ref().parse::<EntityType>() {
            Ok(kind) => types.push(kind),
            Err(error) => faults.add(&value.span(), error.to_string(), None),
        }
    }
    types
}

fn notices(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<Work> {
    let mut notices = Vec::new();
    for value in section.texts("notify", faults) {
        let known = Notice::ALL
            .into_iter()
            .find(|one| one.name() == value.get_ref());
        match known {
            Some(notice) => notices.push(Work::Notify(notice)),
            None => {
                let names = Notice::ALL.map(Notice::name);
                let hint = did_you_mean(value.get_ref(), names).unwrap_or_else(|| {
                    format!("there are {}; commands are never run", names.join(", "))
                });
                let message = format!(
                    "`{}` cannot be `{}`",
                    section.dotted("notify"),
                    value.get_ref()
                );
                faults.add(&value.span(), message, Some(hint));
            }
        }
    }
    notices
}

fn parameters(section: &mut Section<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    let Some(table) = section.table("parameters", faults) else {
        return parameters;
    };
    for (name, value) in table.entries() {
        let Some(text) = value.get_ref().as_str() else {
            faults.add(
                &value.span(),
                format!("`{}` must be a string", table.dotted(name)),
                None,
            );
            continue;
        };
        if let Err(error) = check_placeholders(text) {
            let braced: Vec<String> = PLACEHOLDERS.map(|name| format!("{{{name}}}")).into();
            let hint = format!("there are {}", braced.join(" "));
            faults.add(
                &value.span(),
                format!("`{}`: {error}", table.dotted(name)),
                Some(hint),
            );
        }
        parameters.insert(name.to_owned(), text.to_owned());
    }
    parameters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> (Vec<Trigger>, Vec<String>) {
        let (triggers, problems) = parse_triggers(Path::new("t.toml"), text);
        (triggers, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_trigger_says_when_and_what() {
        let (triggers, problems) = parse(
            "[leaked]\nseverity = 'HIGH'\nfindings = 'UnauthorizedAccess:*'\nentities = ['access-key']\n\
             query = 'key-activity'\nparameters = { key = '{entity}' }\nplaybook = 'leaked-key'\n\
             notify = ['bell', 'title']\nmost_per_hour = 3\ncount = 20\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let leaked = &triggers[0];
        assert_eq!(leaked.when.severity.as_deref(), Some("High"));
        assert_eq!(leaked.when.entities, [EntityType::AccessKey]);
        assert_eq!(leaked.when.count, Some(20));
        assert_eq!((leaked.work.len(), leaked.most_per_hour), (4, 3));
    }

    #[test]
    fn a_trigger_with_a_fault_is_left_out_and_the_others_count() {
        let (triggers, problems) = parse(
            "[all]\nnotify = 'bell'\n[none]\nseverity = 'low'\n[typo]\nseverty = 'low'\nnotify = 'bell'\n\
             [runs]\nseverity = 'lower'\nnotify = 'command'\n[asks]\nrules = 'r'\nquery = 'q'\n\
             parameters = { p = '{nobody}' }\n[good]\nrules = 'r'\nnotify = 'bell'\n",
        );
        assert_eq!(triggers.len(), 1);
        assert_eq!(triggers[0].name, "good");
        let text = problems.join("\n");
        for part in [
            "t.toml:1: `all` asks nothing",
            "t.toml:3: `none` starts nothing",
            "unknown key `typo.severty`; did you mean `severity`?",
            "`runs.severity` is no severity: `lower`",
            "`runs.notify` cannot be `command`",
            "there is no placeholder {nobody}",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }

    #[test]
    fn a_file_that_is_no_toml_starts_nothing() {
        let (triggers, problems) = parse("[a]\nrules = 'r'\nnotify = 'bell'\n[b\n");
        assert_eq!(triggers, []);
        assert!(problems[0].contains("this is no TOML"), "{problems:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(text in "(\\[[a-z]{0,3}\\]\n|[a-z]{0,8} = ['\\[{}0-9a-z]{0,6}\n|\\PC{0,8}\n){0,6}") {
            let (triggers, _) = parse(&text);
            prop_assert!(triggers.iter().all(|trigger| !trigger.work.is_empty()));
        }
    }
}
