//! Credential lineage: which credential was had with which, from the key that somebody was given
//! once down to everything that was done with its last session.
//!
//! Owns the records that statements give ([`Issue`], [`Use`]; [`batches`] reads them), the stitching
//! ([`Stitcher`]) and what comes of it ([`Forest`]). An edge stands only where a call says that one
//! credential gave out another: by the ids of both keys, never by names that two may share.
//!
//! Everything here reads data that somebody else wrote. A chain may be as long as there are rows, so
//! nothing is recursive; a cycle is cut and named; what is missing is said ([`Note`]).

pub mod batches;
mod find;
mod forest;
mod node;
mod record;
mod sets;
mod stitch;
#[cfg(test)]
mod tests;

pub use forest::{Forest, Line};
pub use node::{Issued, Kind, Node, Note};
pub use record::{Issue, Use};
pub use stitch::Stitcher;
