//! The entities of one row: observables first, then everything that the row's paths hold, then what
//! stands inside JSON texts and `unmapped`.
//!
//! Rows come from strangers, so there are limits on everything: depth, places looked at, the length
//! of a text that is searched, and the number of entities. What lies beyond is not found.

use std::collections::HashMap;

use arrow::array::RecordBatch;

use super::kind::EntityType;
use super::normal::refang;
use super::paths::{Rule, rule};
use super::{Entity, LONGEST_VALUE, arn, fields, shape};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::rows::Column;

/// The most entities of one row.
pub const MOST_ENTITIES: usize = 512;
/// The most places of one entity that are told.
const MOST_PATHS: usize = 16;
/// The most values that are looked at in one row.
const MOST_VALUES: usize = 20_000;
/// The deepest nesting that is looked into.
const DEEPEST: usize = 48;
/// The longest JSON text that is read, in bytes.
const LONGEST_JSON: usize = 1 << 20;
/// How much of a text is searched for words that are entities, in bytes.
const LONGEST_PROSE: usize = 16 << 10;

/// An entity with where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The entity.
    pub entity: Entity,
    /// The paths of the values that name it, in the order of finding: `src_endpoint.ip`,
    /// `resources[1].uid`, `api.request.data.bucketName`,
    /// `unmapped['requestParameters.bucketName']`. At most 16.
    pub paths: Vec<String>,
}

/// The entities of a row of a batch, each once, in the order of finding. `columns` are the display
/// names of the batch's columns; where they are missing the schema's names count.
pub fn row(batch: &RecordBatch, columns: &[Column], row: usize) -> Vec<Found> {
    let mut search = Search::default();
    if row >= batch.num_rows() {
        return search.found;
    }
    let schema = batch.schema_ref();
    let named = || {
        batch.columns().iter().enumerate().map(|(index, array)| {
            let name = columns
                .get(index)
                .map_or_else(|| schema.field(index).name(), |column| &column.name);
            (name.as_str(), Cell::of(array.as_ref(), row))
        })
    };
    for (_, cell) in named().filter(|(name, _)| name.eq_ignore_ascii_case("observables")) {
        search.observables(&cell);
    }
    for (name, cell) in named().filter(|(name, _)| !name.eq_ignore_ascii_case("observables")) {
        search.cell(&cell, name, name, 0);
    }
    search.found
}

/// The entities of a JSON document, such as a raw CloudTrail record.
pub fn json(document: &serde_json::Value) -> Vec<Found> {
    let mut search = Search::default();
    search.json(document, "", 0);
    search.found
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    places: HashMap<Entity, usize>,
    values: usize,
}

impl Search {
    /// Counts a value; `false` when enough was looked at.
    fn goes_on(&mut self, depth: usize) -> bool {
        self.values += 1;
        self.values <= MOST_VALUES && depth < DEEPEST
    }

    fn add(&mut self, entity: Entity, path: &str) {
        if entity.value.is_empty() || entity.value.len() > LONGEST_VALUE {
            return;
        }
        match self.places.get(&entity).copied() {
            Some(place) => {
                if let Some(known) = self.found.get_mut(place)
                    && known.paths.len() < MOST_PATHS
                    && !known.paths.iter().any(|other| other == path)
                {
                    known.paths.push(path.to_owned());
                }
            }
            None if self.found.len() < MOST_ENTITIES => {
                self.places.insert(entity.clone(), self.found.len());
                self.found.push(Found {
                    entity,
                    paths: vec![path.to_owned()],
                });
            }
            None => {}
        }
    }

    /// An observable says of itself where its value lies and what it is.
    fn observables(&mut self, cell: &Cell<'_>) {
        let Cell::List(list) = cell else {
            return;
        };
        for (index, element) in list.iter().enumerate() {
            let Cell::Struct(fields) = element else {
                continue;
            };
            if !self.goes_on(1) {
                return;
            }
            let text = |name| match fields.get(name) {
                Some(Cell::Text(text)) => Some(text),
                _ => None,
            };
            let Some(value) = text("value") else {
                continue;
            };
            let type_id = match fields.get("type_id") {
                Some(Cell::Int(id)) => id,
                _ => 0,
            };
            let name = text("name").unwrap_or_default().replace("[]", "");
            let of_path = rule(&name);
            let lead = match of_path.lead {
                [] => observable_type(type_id),
                lead => lead,
            };
            let shown = match name.as_str() {
                "" => format!("observables[{}].value", index + 1),
                name => name.to_owned(),
            };
            self.text(value, Rule { lead, open: true }, &shown, 1);
        }
    }

    /// `path` is the dotted path of the rules, `shown` the path with its places.
    fn cell(&mut self, cell: &Cell<'_>, path: &str, shown: &str, depth: usize) {
        if !self.goes_on(depth) {
            return;
        }
        match cell {
            Cell::Text(text) => self.text(text, rule(path), shown, depth),
            Cell::Struct(fields) => {
                for (name, cell) in fields.iter() {
                    if !cell.is_null() {
                        let (path, shown) = (format!("{path}.{name}"), format!("{shown}.{name}"));
                        self.cell(&cell, &path, &shown, depth + 1);
                    }
                }
            }
            Cell::List(list) => {
                for (index, cell) in list.iter().enumerate() {
                    if self.values > MOST_VALUES {
                        return;
                    }
                    let shown = format!("{shown}[{}]", index + 1);
                    self.cell(&cell, path, &shown, depth + 1);
                }
            }
            Cell::Map(map) => {
                for (key, cell) in map.iter() {
                    if !self.goes_on(depth + 1) {
                        return;
                    }
                    let key = key.text(TimeStyle::Athena).unwrap_or_default();
                    let shown = format!("{shown}['{}']", cut(&key).replace('\'', "''"));
                    match cell {
                        Cell::Text(text) => self.field(text, &key, &shown, depth + 1),
                        other => self.cell(&other, &format!("{path}.{key}"), &shown, depth + 1),
                    }
                }
            }
            _ => {}
        }
    }

    fn json(&mut self, value: &serde_json::Value, path: &str, depth: usize) {
        use serde_json::Value;
        if !self.goes_on(depth) {
            return;
        }
        let below = |name: &str| match path.is_empty() {
            true => cut(name).to_owned(),
            false => format!("{path}.{}", cut(name)),
        };
        match value {
            Value::String(text) => self.field(text, path, path, depth),
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    // Elements mean what their array's name says.
                    match element {
                        Value::String(text) => {
                            let shown = format!("{path}[{}]", index + 1);
                            if !self.goes_on(depth + 1) {
                                return;
                            }
                            self.field(text, path, &shown, depth + 1);
                        }
                        other => self.json(other, path, depth + 1),
                    }
                }
            }
            Value::Object(fields) => {
                self.object_of_a_bucket(fields, path);
                for (name, value) in fields {
                    self.json(value, &below(name), depth + 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A request for an object names its bucket and its key apart.
    fn object_of_a_bucket(
        &mut self,
        fields: &serde_json::Map<String, serde_json::Value>,
        path: &str,
    ) {
        let text = |name| fields.get(name).and_then(serde_json::Value::as_str);
        if let (Some(bucket), Some(key)) = (text("bucketName"), text("key"))
            && !bucket.is_empty()
            && !key.is_empty()
        {
            let arn = format!("arn:aws:s3:::{bucket}/{key}");
            let shown = match path {
                "" => "key".to_owned(),
                path => format!("{path}.key"),
            };
            for entity in arn::take_apart(&arn) {
                self.add(entity, &shown);
            }
        }
    }

    /// A value whose field's name says what it is.
    fn field(&mut self, text: &str, path: &str, shown: &str, depth: usize) {
        if let Some(lead) = fields::meaning(path) {
            self.text(text, Rule { lead, open: true }, shown, depth);
        }
    }

    fn text(&mut self, text: &str, rule: Rule, shown: &str, depth: usize) {
        let text = text.trim();
        if text.is_empty() || text == "-" || (rule.lead.is_empty() && !rule.open) {
            return;
        }
        if rule.open && text.starts_with(['{', '[']) && text.len() <= LONGEST_JSON {
            // The parser refuses nesting deeper than 128 by itself.
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
                && (value.is_object() || value.is_array())
            {
                self.json(&value, shown, depth + 1);
                return;
            }
        }
        let led = match text.len() <= LONGEST_VALUE {
            true => rule.lead.iter().find_map(|&kind| {
                let found = of_type(kind, text);
                (!found.is_empty()).then_some(found)
            }),
            false => None,
        };
        let is_whole = led
            .iter()
            .flatten()
            .any(|entity| !matches!(entity.kind, EntityType::UserAgent | EntityType::Process));
        for entity in led.into_iter().flatten() {
            self.add(entity, shown);
        }
        // A user agent is what its sender chose to write.
        let is_prose = rule.open || rule.lead.contains(&EntityType::UserAgent);
        if is_prose && !is_whole {
            self.prose(text, shown);
        }
    }

    /// The words of a text that are entities for certain.
    fn prose(&mut self, text: &str, shown: &str) {
        let mut end = text.len().min(LONGEST_PROSE);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let apart = |c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '"' | '\'' | '`' | ',' | ';' | '(' | ')' | '<' | '>' | '{' | '}' | '|' | '='
                )
        };
        for word in text[..end].split(apart) {
            let word = word.trim_end_matches(['.', ':', '!', '?']);
            if word.len() < 4 || word.len() > LONGEST_VALUE {
                continue;
            }
            if !self.goes_on(0) {
                return;
            }
            let found = match shape::certain(word) {
                found if !found.is_empty() || !word.contains(['[', '$']) => found,
                _ => shape::certain(&refang(word)),
            };
            for entity in found {
                self.add(entity, shown);
            }
        }
    }
}

/// At most so much of a name that somebody else chose, for a path.
fn cut(name: &str) -> &str {
    let end = name
        .char_indices()
        .nth(200)
        .map_or(name.len(), |(index, _)| index);
    &name[..end]
}

/// The types of OCSF's observables.
fn observable_type(type_id: i64) -> &'static [EntityType] {
    use EntityType::{Container, Domain, Hash, Ip, Principal, Process, Resource, Url};
    match type_id {
        1 => &[Domain, Ip],
        2 | 20 => &[Ip, Domain],
        4 | 5 | 21 | 22 => &[Principal],
        6 | 23 => &[Url],
        8 | 30 => &[Hash],
        9 | 25 => &[Process],
        10 => &[Resource],
        27 => &[Container],
        _ => &[],
    }
}

/// The entities that a text names which is of this type as a whole; none where it does not fit.
fn of_type(kind: EntityType, text: &str) -> Vec<Entity> {
    let parsed = || Entity::parse(kind, text).ok().into_iter().collect();
    let arns = || arn::take_apart(text);
    match kind {
        EntityType::Principal | EntityType::Role | EntityType::Session => identity(kind, text),
        EntityType::Resource | EntityType::Finding => {
            let found = arns();
            if !found.is_empty() {
                return found;
            }
            // A list of ids is found word by word.
            match text.contains([',', ' ']) || text.len() > 256 {
                true => Vec::new(),
                false => parsed(),
            }
        }
        EntityType::Account => {
            let is_id = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
            match is_id {
                true => parsed(),
                false => Vec::new(),
            }
        }
        EntityType::Domain => shape::host(text)
            .filter(|host| host.kind == EntityType::Domain)
            .into_iter()
            .collect(),
        EntityType::Url => shape::url(text),
        EntityType::AccessKey
        | EntityType::Ip
        | EntityType::Cidr
        | EntityType::Hash
        | EntityType::UserAgent
        | EntityType::Process
        | EntityType::Container
        | EntityType::Kubernetes => parsed(),
    }
}

/// What a text in the place of a user, role or session names.
fn identity(kind: EntityType, text: &str) -> Vec<Entity> {
    let found = arn::take_apart(text);
    if !found.is_empty() {
        return found;
    }
    let found = shape::unique_id(text);
    if !found.is_empty() {
        return found;
    }
    if text == "ANONYMOUS_PRINCIPAL" || text.starts_with("HIDDEN_DUE_TO") {
        return Vec::new();
    }
    let account = of_type(EntityType::Account, text);
    if !account.is_empty() {
        return account;
    }
    if text.ends_with(".amazonaws.com") {
        return shape::host(text).into_iter().collect();
    }
    match text.len() <= 256 {
        true => Entity::parse(kind, text).ok().into_iter().collect(),
        false => Vec::new(),
    }
}
