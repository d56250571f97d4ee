//! A capsule: a case as one file that opens anywhere.
//!
//! A plain tar archive without compression, so that `tar xf` unpacks it and `sha256sum -c
//! SHA256SUMS` checks it. Its bytes follow from the case alone: names, sequence and headers are
//! fixed, so the same case gives the same capsule, and a byte that is not as it must be is found
//! wherever it lies. The reader ([`mod@read`]) takes nothing but that form: no other names, no links,
//! no extensions of tar, nothing twice, nothing behind the end. Nothing of a name that stands in
//! the archive ever becomes a path: members are recognised, and stored under the hash of their
//! bytes.

mod form;
mod read;
mod tape;
mod write;

pub(super) use read::read;
#[cfg(test)]
pub(super) use read::verify;
pub use read::verify_capsule;
pub use write::Exported;
pub(super) use write::write;
