//! Entities: what an analyst asks about. Owns their types and normal forms, what a text looks like
//! ([`Entity::guess`]), where in an OCSF row each type lies ([`paths`]), and the finding of all
//! entities of a row ([`extract`]).
//!
//! Everything here reads data that somebody else wrote: nothing panics, nothing is unbounded, and a
//! value that does not fit its type is none of that type.

mod arn;
pub mod extract;
pub mod facts;
mod fields;
mod kind;
mod normal;
pub mod paths;
mod shape;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use kind::{EntityType, UnknownType};
pub use normal::{network_spelled, refang};

/// The longest value of an entity, in bytes. Longer texts are documents, not names.
pub const LONGEST_VALUE: usize = 1_024;

/// Something or somebody that rows name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: EntityType,
    /// The text that names it, in its normal form.
    pub value: String,
}

/// Why a text names no entity; says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntityError {
    /// Nothing is there.
    #[error("the value is empty; give an address, a key, an ARN, a name …")]
    Empty,
    /// It is a document rather than a name.
    #[error("the value has {0} bytes, and a name has at most {LONGEST_VALUE}")]
    TooLong(usize),
    /// It does not fit its type.
    #[error("`{value}` is not {expected}")]
    Unfit {
        /// What was given.
        value: String,
        /// What it should have been, with an example.
        expected: &'static str,
    },
}

impl Entity {
    /// Reads a value of a known type and brings it into its normal form. It may be defanged
    /// (`192[.]0[.]2[.]1`, `hxxps://…`).
    ///
    /// # Errors
    ///
    /// An empty value, one of more than [`LONGEST_VALUE`] bytes, one that does not fit the type.
    pub fn parse(kind: EntityType, text: &str) -> Result<Self, EntityError> {
        let text = check(text)?;
        match normal::normal(kind, &refang(text)) {
            Some(value) => Ok(Self { kind, value }),
            None => Err(EntityError::Unfit {
                value: text.to_owned(),
                expected: kind.expected(),
            }),
        }
    }

    /// Reads a bare value and tells its type by its looks; what looks like nothing special is taken
    /// for a principal's name.
    ///
    /// # Errors
    ///
    /// An empty value, or one of more than [`LONGEST_VALUE`] bytes.
    pub fn guess(text: &str) -> Result<Self, EntityError> {
        let text = check(text)?;
        let text = refang(text);
        Ok(shape::guess(&text).unwrap_or(Self {
            kind: EntityType::Principal,
            value: text,
        }))
    }

    /// An entity whose value is normal already.
    pub(crate) fn new(kind: EntityType, value: impl Into<String>) -> Self {
        Self {
            kind,
            value: value.into(),
        }
    }
}

/// The text without the space around it, if it can be a name.
fn check(text: &str) -> Result<&str, EntityError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(EntityError::Empty);
    }
    if text.len() > LONGEST_VALUE {
        return Err(EntityError::TooLong(text.len()));
    }
    Ok(text)
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.value)
    }
}

#[cfg(test)]
mod tests;
