//! The configuration file. Everything in it is optional; what cannot be read is reported with its
//! line, and the rest counts.

use std::collections::BTreeMap;
use std::path::Path;

use chrono_tz::Tz;
use serde::{Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::condition::conditions;
use super::recovery::blank_out_broken_lines;
use super::section::{Faults, SEVERITY, Section, texts_of};
use super::{FeedCondition, FeedSource, Problem, Profile, Webhook};
use crate::domain::nearest::did_you_mean;

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Config {
    /// The profile that counts where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<String>,
    /// The zone in which times are shown and read.
    #[serde(serialize_with = "zone_name")]
    pub zone: Tz,
    /// `[feed]`.
    pub feed: Feed,
    /// `[keys]`: a command's name and its chords as they were written; the key map reads them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, Vec<String>>,
    /// The lines of `[keys]`, for whoever finds a fault in a chord.
    #[serde(skip)]
    pub key_lines: BTreeMap<String, usize>,
    /// `[theme]`.
    pub theme: Theme,
    /// `[profiles.NAME]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, Profile>,
    /// The file names a default profile, but it cannot be told which: nothing may be read from a
    /// lake that was only guessed.
    #[serde(skip)]
    pub default_profile_unreadable: bool,
}

/// `[feed]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Feed {
    /// Where notifications come from.
    pub sources: Vec<FeedSource>,
    /// The profile with whose rights queues and buckets are read; that of the lake if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Seconds for which a message that was received is hidden from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility_seconds: Option<f64>,
    /// Seconds between two listings of a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_seconds: Option<f64>,
    /// Days back from today whose objects a listing looks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_days: Option<f64>,
    /// The severity from which on findings of other products become items; medium if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<String>,
    /// The severity from which on a new item of the queue rings the bell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bell: Option<String>,
    /// From which on the desktop is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
    /// From which on the terminal's title counts open items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `[feed.conditions.NAME]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, FeedCondition>,
    /// `[feed.webhook]`.
    #[serde(skip_serializing_if = "Webhook::is_default")]
    pub webhook: Webhook,
}

/// `[theme]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Theme {
    /// The name of a shipped or own theme.
    pub name: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            default_profile: None,
            zone: Tz::UTC,
            feed: Feed::default(),
            keys: BTreeMap::new(),
            key_lines: BTreeMap::new(),
            theme: Theme {
                name: "dark".to_owned(),
            },
            profiles: BTreeMap::new(),
            default_profile_unreadable: false,
        }
    }
}

impl Config {
    /// Reads the text of a configuration file. Faults never end the reading: each is reported and
    /// leaves its default in force.
    pub fn parse(file: &Path, text: &str) -> (Self, Vec<Problem>) {
        let mut faults = Faults::new(file, text);
        let (sound, broken) = blank_out_broken_lines(text);
        for place in broken {
            faults.add(
                &place.span,
                format!("this is no TOML: {}", place.message),
                Some("mend the line; until then it is passed over".to_owned()),
            );
        }
        let (document, _) = DeTable::parse_recoverable(&sound);
        let mut root = Section::new("", document.get_ref());
        let defaults = Self::default();
        let (keys, key_lines) = keys(&mut root, &mut faults);
        let mut config = Self {
            default_profile: root.text("default_profile", &mut faults),
            zone: zone(&mut root, &mut faults).unwrap_or(defaults.zone),
            feed: feed(&mut root, &mut faults),
            keys,
            key_lines,
            theme: theme(&mut root, &mut faults).unwrap_or(defaults.theme),
            profiles: profiles(&mut root, &mut faults),
            default_profile_unreadable: false,
        };
        root.finish(&mut faults);
        config.default_profile_unreadable =
            config.default_profile.is_none() && names_a_default_profile(text);
        (config, faults.into_problems())
    }

    /// The configuration as TOML that reads back as the same configuration.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

/// Whether a line of the text, broken or not, sets `default_profile`.
fn names_a_default_profile(text: &str) -> bool {
    text.lines()
        .any(|line| line.trim_start().starts_with("default_profile"))
}

fn zone_name<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

fn zone(root: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Tz> {
    let value = root.spanned_text("zone", faults)?;
    match parse_zone(value.get_ref()) {
        Ok(zone) => Some(zone),
        Err(error) => {
            faults.add(&value.span(), error.to_string(), error.hint);
            None
        }
    }
}

/// A name that is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone `{name}`")]
pub struct ZoneError {
    /// What was written.
    pub name: String,
    /// The nearest names, or what a name looks like.
    pub hint: Option<String>,
}

/// A time zone by its IANA name, in any case.
pub fn parse_zone(name: &str) -> Result<Tz, ZoneError> {
    chrono_tz::TZ_VARIANTS
        .into_iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(name))
        .ok_or_else(|| ZoneError {
            name: name.to_owned(),
            hint: Some(
                did_you_mean(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()))
                    .unwrap_or_else(|| "IANA names count, such as Europe/Berlin".to_owned()),
            ),
        })
}

fn feed(root: &mut Section<'_>, faults: &mut Faults<'_>) -> Feed {
    let Some(mut section) = root.table("feed", faults) else {
        return Feed::default();
    };
    let mut sources = Vec::new();
    for value in section.texts("sources", faults) {
        match value.get_ref().parse() {
            Ok(source) => sources.push(source),
            Err(error) => faults.add(&value.span(), format!("{error}"), None),
        }
    }
    let feed = Feed {
        sources,
        profile: section.text("profile", faults),
        visibility_seconds: section.amount("visibility_seconds", faults),
        listing_seconds: section.amount("listing_seconds", faults),
        listing_days: section.amount("listing_days", faults),
        findings: section.named("findings", &SEVERITY, faults),
        bell: section.named("bell", &SEVERITY, faults),
        notify: section.named("notify", &SEVERITY, faults),
        title: section.named("title", &SEVERITY, faults),
        conditions: conditions(&mut section, faults),
        webhook: match section.table("webhook", faults) {
            Some(section) => Webhook::read(section, faults),
            None => Webhook::default(),
        },
    };
    section.finish(faults);
    feed
}

/// The chords of the named commands, and the line of each.
fn keys(
    root: &mut Section<'_>,
    faults: &mut Faults<'_>,
) -> (BTreeMap<String, Vec<String>>, BTreeMap<String, usize>) {
    let (mut keys, mut lines) = (BTreeMap::new(), BTreeMap::new());
    let Some(section) = root.table("keys", faults) else {
        return (keys, lines);
    };
    for (command, value) in section.entries() {
        let chords = texts_of(&section.dotted(command), value, faults);
        let chords = chords.into_iter().map(Spanned::into_inner).collect();
        keys.insert(command.to_owned(), chords);
        lines.insert(command.to_owned(), faults.line_of(&value.span()));
    }
    (keys, lines)
}

fn theme(root: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Theme> {
    let mut section = root.table("theme", faults)?;
    let name = section.text("name", faults);
    section.finish(faults);
    name.map(|name| Theme { name })
}

fn profiles(root: &mut Section<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, Profile> {
    let Some(section) = root.table("profiles", faults) else {
        return BTreeMap::new();
    };
    let mut profiles = BTreeMap::new();
    for (name, value) in section.entries() {
        match value.get_ref() {
            DeValue::Table(table) => {
                let path = section.dotted(name);
                profiles.insert(
                    name.to_owned(),
                    Profile::read(Section::new(path, table), faults),
                );
            }
            _ => faults.add(
                &value.span(),
                format!("`{}` must be a table", section.dotted(name)),
                Some(format!("write it as [profiles.{name}]")),
            ),
        }
    }
    profiles
}
