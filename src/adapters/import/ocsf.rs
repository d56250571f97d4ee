//! OCSF records as rows of the table that their class and product belong to. A value that the table
//! has no column for, or that does not fit its column, is in `unmapped` under its path.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;

use super::json::{Kind, Value};
use super::leftover::{leaves_of, millis, sane};
use super::page::{Page, UNKNOWN};
use super::source_file::FileFacts;
use crate::domain::lake::columns::{Leaf, List, Table};
use crate::domain::lake::{Source, SourceVersion, documented_schema};

/// What comes from the path of an object, and so is in no object.
const OF_THE_PATH: [&str; 5] = [
    "accountid",
    "accountId",
    "region",
    "asl_version",
    "eventday",
];

/// The table of a record, or why there is none.
pub(super) fn table_of(record: Value<'_>) -> Result<Source, String> {
    let class = record
        .member("class_uid")
        .map(Value::plain)
        .unwrap_or_default();
    let product = record
        .member("metadata")
        .and_then(|metadata| metadata.member("product"));
    let name = |of: Option<Value<'_>>| {
        let name = of.and_then(|of| of.member("name")).and_then(Value::text);
        name.unwrap_or_default().to_ascii_lowercase()
    };
    let is_data = name(product.and_then(|product| product.member("feature"))) == "data";
    let product = name(product);
    let service = record.member("api").and_then(|api| api.member("service"));
    let service = name(service);
    Ok(match class {
        "4001" => Source::VpcFlow,
        "4002" => Source::Waf,
        "4003" => Source::Route53,
        "2001" | "2002" | "2003" | "2004" => Source::ShFindings,
        "6003" if product.contains("eks") => Source::EksAudit,
        "3001" | "3002" | "3003" | "3004" | "3005" | "3006" | "6003" => match service.as_str() {
            "s3.amazonaws.com" if is_data => Source::S3Data,
            "lambda.amazonaws.com" if is_data => Source::LambdaExecution,
            _ => Source::CloudTrailMgmt,
        },
        "" => return Err("it has no `class_uid`, so it is no OCSF record".to_owned()),
        other => return Err(format!("the lake has no table for the class {other}")),
    })
}

enum Plan {
    Leaf(Leaf, DataType),
    Record(HashMap<String, Plan>),
    List(List, Box<Plan>),
    Map(List, Leaf, Leaf),
}

/// Rows of one table under way, from OCSF records.
pub(super) struct OcsfSheet {
    pub(super) table: Table,
    pub(super) page: Page,
    plan: HashMap<String, Plan>,
    unmapped: (List, Leaf, Leaf),
    left: Vec<(String, String)>,
}

impl OcsfSheet {
    pub(super) fn new(source: Source) -> Result<Self, ArrowError> {
        let schema = documented_schema(source, SourceVersion::V2)
            .ok_or_else(|| ArrowError::SchemaError(format!("{source} has no version 2")))?;
        let table = Table::new(&schema)?;
        let member = |field: &std::sync::Arc<Field>| {
            let plan = plan(&table, field.data_type(), field.name())?;
            Ok((field.name().clone(), plan))
        };
        let plan = schema
            .fields()
            .iter()
            .map(member)
            .collect::<Result<_, ArrowError>>()?;
        let leaf = |name| table.leaf(name);
        Ok(Self {
            unmapped: (
                table.list("unmapped")?,
                leaf("unmapped.key")?,
                leaf("unmapped.value")?,
            ),
            plan,
            page: Page::new(source),
            left: Vec::new(),
            table,
        })
    }

    /// Writes a record as a row; nothing is written where it says why not.
    pub(super) fn push(
        &mut self,
        record: Value<'_>,
        bytes: usize,
        file: &FileFacts,
    ) -> Result<(), String> {
        if let Some(name) = record.twice() {
            return Err(format!("it has `{name}` twice"));
        }
        let given = ["time", "time_dt"]
            .into_iter()
            .filter_map(|name| record.member(name));
        let time = given.filter_map(time_of).next();
        let time = time.ok_or("it has no `time` or `time_dt` that is a time")?;
        let cloud = record.member("cloud");
        let of_cloud = |name| cloud.and_then(|cloud| cloud.member(name));
        let region = record.member("region").or_else(|| of_cloud("region"));
        let region = region.and_then(Value::text);
        let region = region
            .as_deref()
            .or(file.region.as_deref())
            .unwrap_or(UNKNOWN);
        let account = record
            .member("accountid")
            .or_else(|| record.member("accountId"))
            .or_else(|| of_cloud("account").and_then(|account| account.member("uid")))
            .or_else(|| record.member("unmapped")?.member("recipientAccountId"))
            .or_else(|| {
                record
                    .member("actor")?
                    .member("user")?
                    .member("account")?
                    .member("uid")
            });
        let account = account.and_then(Value::cell);
        let account = account
            .as_deref()
            .or(file.account.as_deref())
            .unwrap_or(UNKNOWN);
        let mut left = std::mem::take(&mut self.left);
        for (name, value) in record.members() {
            match self.plan.get(name.as_ref()) {
                None if OF_THE_PATH.contains(&name.as_ref()) => {}
                Some(plan) => fill(&mut self.table, plan, value, &name, &mut left),
                None => leave(&name, value, &mut left),
            }
        }
        // What a record has of the two times tells the other; what is written stays.
        for (name, plan) in self
            .plan
            .iter()
            .filter(|(name, _)| name.starts_with("time"))
        {
            match plan {
                Plan::Leaf(leaf, DataType::Int64) if name == "time" => self.table.long(*leaf, time),
                Plan::Leaf(leaf, _) if name == "time_dt" => self.table.time(*leaf, time),
                _ => {}
            }
        }
        let (list, key, value) = self.unmapped;
        for (path, text) in left.drain(..) {
            self.table.text(key, &path);
            self.table.text(value, &text);
            self.table.end_element(list);
        }
        self.left = left;
        self.table.end_row();
        self.page.note(region, account, time, bytes);
        Ok(())
    }
}

fn plan(table: &Table, kind: &DataType, path: &str) -> Result<Plan, ArrowError> {
    Ok(match kind {
        DataType::Struct(fields) => {
            let member = |field: &std::sync::Arc<Field>| {
                let path = format!("{path}.{}", field.name());
                Ok((field.name().clone(), plan(table, field.data_type(), &path)?))
            };
            Plan::Record(
                fields
                    .iter()
                    .map(member)
                    .collect::<Result<_, ArrowError>>()?,
            )
        }
        DataType::List(element) => {
            let inner = plan(table, element.data_type(), path)?;
            Plan::List(table.list(path)?, Box::new(inner))
        }
        DataType::Map(..) => Plan::Map(
            table.list(path)?,
            table.leaf(&format!("{path}.key"))?,
            table.leaf(&format!("{path}.value"))?,
        ),
        leaf => Plan::Leaf(table.leaf(path)?, leaf.clone()),
    })
}

fn leave(path: &str, value: Value<'_>, left: &mut Vec<(String, String)>) {
    leaves_of(path, value, usize::MAX, &mut |path, cell| {
        left.push((path.to_owned(), cell.to_owned()));
    });
}

fn fill(
    table: &mut Table,
    plan: &Plan,
    value: Value<'_>,
    path: &str,
    left: &mut Vec<(String, String)>,
) {
    if value.is_null() {
        return;
    }
    match plan {
        Plan::Record(members) if value.kind() == Kind::Object => {
            for (name, value) in value.members() {
                let path = format!("{path}.{name}");
                match members.get(name.as_ref()) {
                    Some(plan) => fill(table, plan, value, &path, left),
                    None => leave(&path, value, left),
                }
            }
        }
        Plan::List(list, element) if value.kind() == Kind::Array => {
            table.open(*list);
            let path = format!("{path}[]");
            for item in value.items() {
                fill(table, element, item, &path, left);
                table.end_element(*list);
            }
        }
        Plan::Map(list, key, cell) if value.kind() == Kind::Object => {
            table.open(*list);
            for (name, value) in value.members() {
                table.text(*key, &name);
                table.maybe(*cell, value.cell().as_deref());
                table.end_element(*list);
            }
        }
        Plan::Leaf(leaf, kind) if put(table, *leaf, kind, value) => {}
        _ => leave(path, value, left),
    }
}

/// Writes a value where it fits its column.
fn put(table: &mut Table, leaf: Leaf, kind: &DataType, value: Value<'_>) -> bool {
    match kind {
        DataType::Utf8 => {
            table.maybe(leaf, value.cell().as_deref());
            true
        }
        DataType::Int32 => number(value.plain().parse(), |it| table.int(leaf, it)),
        DataType::Int64 => number(value.plain().parse(), |it| table.long(leaf, it)),
        DataType::Boolean => number(value.plain().parse(), |it| table.bool(leaf, it)),
        DataType::Timestamp(..) => {
            let time = time_of(value);
            if let Some(time) = time {
                table.time(leaf, time);
            }
            time.is_some()
        }
        DataType::Decimal128(precision, scale) => {
            let unscaled = decimal(value.plain(), *precision, *scale);
            if let Some(unscaled) = unscaled {
                table.decimal(leaf, unscaled);
            }
            unscaled.is_some()
        }
        _ => false,
    }
}

fn number<T, E>(parsed: Result<T, E>, write: impl FnOnce(T)) -> bool {
    parsed.map(write).is_ok()
}

/// A time in milliseconds, or as text.
fn time_of(value: Value<'_>) -> Option<i64> {
    match value.kind() {
        Kind::Number => sane(value.plain().parse().ok()?),
        _ => millis(&value.text()?),
    }
}

/// A decimal's digits without the point, where none are lost.
fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    let places = usize::try_from(scale).ok()?;
    if part.len() > places || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{whole}{part:0<places$}");
    let unscaled: i128 = digits.parse().ok()?;
    let fits = unscaled.unsigned_abs() < 10_u128.checked_pow(u32::from(precision))?;
    fits.then_some(unscaled)
}
