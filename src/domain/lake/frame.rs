//! What the rows of every source have in common: time, class, severity, product, observables and
//! what OCSF has no place for.

use arrow::error::ArrowError;

use super::columns::{Leaf, List, Table};
use super::{Source, SourceVersion, documented_schema};

/// Observable type ids of OCSF 1.1.
pub(crate) mod observable {
    pub(crate) const HOSTNAME: i32 = 1;
    pub(crate) const IP: i32 = 2;
    pub(crate) const USER_NAME: i32 = 4;
    pub(crate) const RESOURCE: i32 = 10;

    /// The caption of a type id.
    pub(crate) fn caption(id: i32) -> &'static str {
        match id {
            HOSTNAME => "Hostname",
            IP => "IP Address",
            USER_NAME => "User Name",
            RESOURCE => "Resource UID",
            _ => "Other",
        }
    }
}

/// A struct of leaves, bound to a table by their paths.
macro_rules! leaves {
    ($name:ident { $($field:ident: $path:literal,)* }) => {
        pub(crate) struct $name { $(pub(crate) $field: crate::domain::lake::columns::Leaf,)* }
        impl $name {
            pub(crate) fn bind(
                table: &crate::domain::lake::columns::Table,
            ) -> Result<Self, arrow::error::ArrowError> {
                Ok(Self { $($field: table.leaf($path)?,)* })
            }
        }
    };
}
pub(crate) use leaves;

/// The class of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Class {
    pub(crate) uid: i32,
    pub(crate) name: &'static str,
    pub(crate) category_uid: i32,
    pub(crate) category: &'static str,
}

leaves!(FrameLeaves {
    time: "time",
    time_dt: "time_dt",
    version: "metadata.version",
    profiles: "metadata.profiles",
    product: "metadata.product.name",
    vendor: "metadata.product.vendor_name",
    provider: "cloud.provider",
    class_name: "class_name",
    class_uid: "class_uid",
    category_name: "category_name",
    category_uid: "category_uid",
    severity: "severity",
    severity_id: "severity_id",
    activity_name: "activity_name",
    activity_id: "activity_id",
    type_uid: "type_uid",
    type_name: "type_name",
    leftover: "unmapped.key",
    leftover_value: "unmapped.value",
    seen: "observables.name",
    seen_value: "observables.value",
    seen_type: "observables.type",
    seen_type_id: "observables.type_id",
});

/// The table of one source with the columns that all sources share.
pub(crate) struct Frame {
    pub(crate) table: Table,
    leaves: FrameLeaves,
    profiles: List,
    unmapped: List,
    observables: List,
}

impl Frame {
    /// An empty table with the documented columns of the source.
    pub(crate) fn new(source: Source) -> Result<Self, ArrowError> {
        let schema = documented_schema(source, SourceVersion::V2)
            .ok_or_else(|| ArrowError::SchemaError(format!("{source} has no version 2")))?;
        let table = Table::new(&schema)?;
        Ok(Self {
            leaves: FrameLeaves::bind(&table)?,
            profiles: table.list("metadata.profiles")?,
            unmapped: table.list("unmapped")?,
            observables: table.list("observables")?,
            table,
        })
    }

    /// Writes the time, the class and what a class implies. A severity id outside 1–5 is written
    /// as unknown.
    pub(crate) fn stamp(&mut self, time: i64, class: Class, activity: (i32, &str), severity: i32) {
        let (table, leaves) = (&mut self.table, &self.leaves);
        table.long(leaves.time, time);
        table.time(leaves.time_dt, time);
        table.text(leaves.version, "1.1.0");
        table.text(leaves.provider, "AWS");
        table.text(leaves.class_name, class.name);
        table.int(leaves.class_uid, class.uid);
        table.text(leaves.category_name, class.category);
        table.int(leaves.category_uid, class.category_uid);
        table.int(leaves.severity_id, severity);
        table.text(leaves.severity, severity_caption(severity));
        table.int(leaves.activity_id, activity.0);
        table.text(leaves.activity_name, activity.1);
        table.long(
            leaves.type_uid,
            i64::from(class.uid) * 100 + i64::from(activity.0),
        );
        let mut type_name = String::with_capacity(48);
        type_name.push_str(class.name);
        type_name.push_str(": ");
        type_name.push_str(activity.1);
        table.text(leaves.type_name, &type_name);
    }

    /// Writes whose log it is.
    pub(crate) fn product(&mut self, name: &str, vendor: &str, profiles: &[&str]) {
        self.table.text(self.leaves.product, name);
        self.table.text(self.leaves.vendor, vendor);
        for profile in profiles {
            self.table.text(self.leaves.profiles, profile);
            self.table.end_element(self.profiles);
        }
    }

    /// Adds to the list that names a row's entities.
    pub(crate) fn observe(&mut self, name: &str, value: &str, type_id: i32) {
        let (table, leaves) = (&mut self.table, &self.leaves);
        table.text(leaves.seen, name);
        table.text(leaves.seen_value, value);
        table.text(leaves.seen_type, observable::caption(type_id));
        table.int(leaves.seen_type_id, type_id);
        table.end_element(self.observables);
    }

    /// Adds what OCSF has no place for.
    pub(crate) fn leftover(&mut self, key: &str, value: &str) {
        self.table.text(self.leaves.leftover, key);
        self.table.text(self.leaves.leftover_value, value);
        self.table.end_element(self.unmapped);
    }

    /// Writes a list of texts.
    pub(crate) fn texts(&mut self, list: List, leaf: Leaf, values: &[&str]) {
        for value in values {
            self.table.text(leaf, value);
            self.table.end_element(list);
        }
    }
}

fn severity_caption(id: i32) -> &'static str {
    match id {
        1 => "Informational",
        2 => "Low",
        3 => "Medium",
        4 => "High",
        5 => "Critical",
        _ => "Unknown",
    }
}
