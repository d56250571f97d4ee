//! SQL as text: lexer, statements, values that become SQL, templates, pivots, completion, hints,
//! layout, and what a stored result answers.
//!
//! No plan, no data, no I/O. Everything here is tolerant: it runs on text that is being typed.

pub mod aliases;
pub mod completion;
pub mod condition;
pub mod containment;
pub mod emptiness;
pub mod exact;
pub mod format;
pub mod lexer;
pub mod lint;
pub mod parameters;
pub mod pivot;
pub mod placeholders;
pub mod scans;
pub mod shape;
pub mod sigma;
pub mod statements;
pub mod table_names;
mod template;
mod words;

pub use template::{BindError, Bound};
