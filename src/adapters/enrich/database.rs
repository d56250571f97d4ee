//! Databases of addresses in MaxMind's format: places, networks, owners.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use maxminddb::Reader;
use serde_json::Value;

use crate::domain::entity::{Entity, EntityType};

/// How deep an entry is looked into.
const DEEPEST: usize = 6;

/// Bytes of databases that stay in memory together; a larger one is read each time.
const MOST_BYTES: u64 = 512 << 20;

/// Databases that were read before, until their files change.
#[derive(Debug, Default)]
pub(super) struct Databases(Mutex<HashMap<PathBuf, Open>>);

#[derive(Debug)]
struct Open {
    state: State,
    reader: Arc<Reader<Vec<u8>>>,
}

/// What is another one where a file was written again.
type State = (u64, Option<SystemTime>);

impl Databases {
    /// The database of a file, read where it is not at hand as the file is now.
    fn open(&self, file: &Path) -> Result<Arc<Reader<Vec<u8>>>, String> {
        let failed = |error: std::io::Error| error.to_string();
        let data = std::fs::metadata(file).map_err(failed)?;
        let state = (data.len(), data.modified().ok());
        // Whoever asks for one while it is read waits for it: it is not read twice.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(file).filter(|known| known.state == state) {
            return Ok(Arc::clone(&known.reader));
        }
        open.remove(file);
        let reader = Reader::open_readfile(file).map_err(|error| error.to_string())?;
        let reader = Arc::new(reader);
        let held: u64 = open.values().map(|known| known.state.0).sum();
        if held.saturating_add(state.0) <= MOST_BYTES {
            let reader = Arc::clone(&reader);
            open.insert(file.to_owned(), Open { state, reader });
        }
        Ok(reader)
    }

    /// Forgets those whose files are not among these any more.
    pub(super) fn keep(&self, files: &[PathBuf]) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|file, _| files.contains(file));
    }
}

/// What a database says of an address: dotted names and texts; nothing of what is no address.
pub(super) fn find(
    databases: &Databases,
    file: &Path,
    entity: &Entity,
) -> Result<Vec<(String, String)>, String> {
    if entity.kind != EntityType::Ip {
        return Ok(Vec::new());
    }
    let Ok(address) = entity.value.parse::<IpAddr>() else {
        return Ok(Vec::new());
    };
    let reader = databases.open(file)?;
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
