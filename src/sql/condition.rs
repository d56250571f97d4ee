//! A condition of a source as a predicate over the rows of a table.

use super::parameters::quote_text;
use super::pivot::PivotTable;
use super::pivot::columns::{COLUMNS, expression};
use super::pivot::outline::leaves;
use crate::domain::severity;
use crate::domain::standing::Condition;

/// SQL that is true of the rows that fit; `None` where no row of the table can.
///
/// # Errors
///
/// The reason why the condition means nothing.
pub fn predicate(condition: &Condition, table: &PivotTable) -> Result<Option<String>, String> {
    let fits = |name: &String| {
        name.eq_ignore_ascii_case(&table.label)
            || table
                .source
                .is_some_and(|source| name.eq_ignore_ascii_case(source.short()))
    };
    if !condition.sources.is_empty() && !condition.sources.iter().any(fits) {
        return Ok(None);
    }
    let outline = leaves(&table.columns);
    let column = |wanted: &str| {
        let column = COLUMNS.iter().find(|(name, ..)| *name == wanted);
        column.map(|column| expression(&outline, column))
    };
    let one_of = |value: Option<String>, values: &[String]| -> Option<String> {
        let values: Vec<String> = values.iter().map(|value| quote_text(value)).collect();
        (!values.is_empty()).then(|| {
            format!(
                "{} IN ({})",
                value.as_deref().unwrap_or("''"),
                values.join(", ")
            )
        })
    };
    let mut parts = Vec::new();
    parts.extend(one_of(column("account"), &condition.accounts));
    parts.extend(one_of(column("region"), &condition.regions));
    let has = |name: &str| outline.iter().any(|leaf| leaf.path == name);
    if !condition.classes.is_empty() {
        if !has("class_uid") {
            return Ok(None);
        }
        let ids: Vec<String> = condition.classes.iter().map(i64::to_string).collect();
        parts.push(format!("class_uid IN ({})", ids.join(", ")));
    }
    if let Some(least) = &condition.severity {
        let rank = severity::rank(least)
            .ok_or_else(|| format!("`{least}` is no severity of OCSF, such as `High`"))?;
        if !has("severity_id") {
            return Ok(None);
        }
        let ids: Vec<String> = severity::at_least(rank).map(|id| id.to_string()).collect();
        parts.push(format!("severity_id IN ({})", ids.join(", ")));
    }
    if let Some(sql) = &condition.predicate {
        parts.push(format!("(\n{sql}\n)"));
    }
    Ok(match parts.is_empty() {
        true => Some("true".to_owned()),
        false => Some(parts.join(" AND ")),
    })
}
