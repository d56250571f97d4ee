//! Lists: CSV files with a heading whose first column, or the one that a usual name marks, holds
//! values; the other columns say what is known of them.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::domain::entity::{Entity, EntityType};

/// Names of the column that holds the values, in any case.
const VALUE_COLUMNS: [&str; 8] = [
    "value",
    "indicator",
    "ioc",
    "entity",
    "ip",
    "domain",
    "account",
    "arn",
];

/// The most rows of a list that are looked through.
const MOST_ROWS: usize = 5_000_000;

/// What a list says of an entity: column and text, row after row.
pub(super) fn find(file: &Path, entity: &Entity) -> Result<Vec<(String, String)>, String> {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .from_path(file)
        .map_err(|error| error.to_string())?;
    let headings = reader.headers().map_err(|error| error.to_string())?.clone();
    let at = headings
        .iter()
        .position(|heading| {
            let heading = heading.trim().trim_start_matches('\u{feff}');
            VALUE_COLUMNS
                .iter()
                .any(|name| heading.eq_ignore_ascii_case(name))
        })
        .unwrap_or(0);
    let mut found = Vec::new();
    let mut row = StringRecord::new();
    for _ in 0..MOST_ROWS {
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(found),
            Err(error) => return Err(error.to_string()),
        }
        if !row.get(at).is_some_and(|value| names(value, entity)) {
            continue;
        }
        let mut told = false;
        for (column, text) in row.iter().enumerate() {
            let heading = headings.get(column).unwrap_or_default().trim();
            if column != at && !text.trim().is_empty() {
                told = true;
                found.push((heading.to_owned(), text.trim().to_owned()));
            }
        }
        if !told {
            found.push(("listed".to_owned(), "yes".to_owned()));
        }
        if found.len() >= super::MOST_OF_A_FILE {
            return Ok(found);
        }
    }
    Err(format!("it has more than {MOST_ROWS} rows"))
}

/// Whether a value of a list is the entity, or a network that the entity lies in.
fn names(value: &str, entity: &Entity) -> bool {
    let value = value.trim();
    if value.eq_ignore_ascii_case(&entity.value) {
        return true;
    }
    match (entity.kind, value.contains('/')) {
        (EntityType::Ip, true) => holds(value, &entity.value),
        // A list may be defanged, or spell an address in another way.
        _ => Entity::parse(entity.kind, value).is_ok_and(|listed| listed == *entity),
    }
}

/// Whether an address lies in a network: the network of its length around the address is the same.
fn holds(network: &str, address: &str) -> bool {
    let cidr = |text: &str| Entity::parse(EntityType::Cidr, text).ok();
    let around = network
        .rsplit_once('/')
        .and_then(|(_, length)| cidr(&format!("{address}/{}", length.trim())));
    around.is_some() && around == cidr(network)
}
