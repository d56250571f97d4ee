//! Databases of addresses in MaxMind's format: places, networks, owners.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::Reader;
use serde_json::Value;

use crate::domain::entity::{Entity, EntityType};

/// How deep an entry is looked into.
const DEEPEST: usize = 6;

/// What a database says of an address: dotted names and texts; nothing of what is no address.
pub(super) fn find(file: &Path, entity: &Entity) -> Result<Vec<(String, String)>, String> {
    if entity.kind != EntityType::Ip {
        return Ok(Vec::new());
    }
    let Ok(address) = entity.value.parse::<IpAddr>() else {
        return Ok(Vec::new());
    };
    let reader = Reader::open_readfile(file).map_err(|error| error.to_string())?;
    if reader.metadata().ip_version == 4 && address.is_ipv6() {
        return Ok(Vec::new());
    }
    let looked_up = reader.lookup(address).map_err(|error| error.to_string())?;
    let entry: Option<Value> = looked_up.decode().map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    if let Some(entry) = entry {
        if let Ok(network) = looked_up.network() {
            found.push(("network".to_owned(), network.to_string()));
        }
        flatten(&entry, "", DEEPEST, &mut found);
    }
    Ok(found)
}

/// The texts and numbers of an entry. Of names in many languages the English one is told, ids of
/// other databases are not.
fn flatten(value: &Value, name: &str, depth: usize, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            if let Some(english) = fields.get("en").and_then(Value::as_str)
                && name.ends_with("names")
            {
                let name = name.trim_end_matches("names").trim_end_matches('.');
                found.push((name.to_owned(), english.to_owned()));
                return;
            }
            for (field, value) in fields.iter().filter(|(field, _)| *field != "geoname_id") {
                let below = match name {
                    "" => field.clone(),
                    name => format!("{name}.{field}"),
                };
                if depth > 0 {
                    flatten(value, &below, depth - 1, found);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if depth > 0 {
                    flatten(item, name, depth - 1, found);
                }
            }
        }
        Value::String(text) => found.push((name.to_owned(), text.clone())),
        Value::Number(_) | Value::Bool(_) => found.push((name.to_owned(), value.to_string())),
        Value::Null => {}
    }
}
