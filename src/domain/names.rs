//! Column names for places in which two columns cannot be called the same.

use std::collections::BTreeSet;

use super::rows::Column;

/// The display names made unique: the second `name` becomes `name_2`, or the next number that no
/// other column has.
pub fn unique_names(columns: &[Column]) -> Vec<String> {
    let own: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut taken = BTreeSet::new();
    let mut names = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.name.clone();
        let mut number = 2_usize;
        while taken.contains(&name) || name != column.name && own.contains(name.as_str()) {
            name = format!("{}_{number}", column.name);
            number += 1;
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}
