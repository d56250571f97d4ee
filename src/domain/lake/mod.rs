//! Amazon Security Lake as a layout: its sources, object keys, notifications and documented tables.

pub(crate) mod api_class;
mod arrival;
pub(crate) mod columns;
mod facts;
pub(crate) mod frame;
mod key;
mod lead;
pub(crate) mod leaves;
pub mod notification;
mod recognise;
mod schema;
mod source;
mod version;

pub use arrival::{Arrival, Backlog, SourceNews};
pub use facts::LakeFacts;
pub use key::{KeyError, ObjectKey};
pub use lead::{object_statement, plain_statement};
pub use notification::Notification;
pub use recognise::recognise;
pub use schema::{athena_type, documented_schema, partition_columns};
pub use source::{Source, SourceVersion, TableName, told_by_name};
pub use version::{LOCAL_BUCKET, ObjectVersion, object_at, unquoted};
