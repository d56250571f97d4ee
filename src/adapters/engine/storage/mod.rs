//! Where the bytes of a lake lie, and how they are had: a folder of this machine.
//!
//! Owns every read of a lake's file. What the bytes mean is [`super::footer`]'s and the Parquet
//! reader's; which files make which table is [`super::lake`]'s.
//!
//! - [`listing`] lists a folder's tree, again and again, cheaply.
//! - [`local`] reads the end and ranges of a file. It blocks: a local read is shorter than the way
//!   to another thread.

pub(super) mod listing;
pub(super) mod local;
