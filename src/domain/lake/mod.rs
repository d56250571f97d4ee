//! Amazon Security Lake as a layout: its sources, object keys and documented tables.

mod key;
mod source;

pub use key::{KeyError, ObjectKey};
pub use source::{Source, SourceVersion, TableName};
