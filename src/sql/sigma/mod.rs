//! Sigma rules as Athena SQL: every rule of a set in one statement, which reads each table once.
//!
//! Owns the field pipeline (`fields.rs`), which tables a rule is about (`family.rs`) and how its
//! conditions become predicates. A value of a rule stands in a statement only as a literal made by
//! [`crate::sql::parameters`], and a name of a field only inside such a literal.

mod correlation;
mod event;
mod family;
mod field;
mod fields;
mod members;
mod predicate;
mod set;
mod statement;

pub use event::{EventTest, correlated_fields, event_tests, foreign};
pub use set::RuleSet;
pub use statement::{Columns, Detect, Unusable, statements};

#[cfg(test)]
mod tests;
