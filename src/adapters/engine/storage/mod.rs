//! Where the bytes of a lake lie, and how they are had: a folder of this machine, or buckets of S3.
//!
//! Owns every read of a lake's file. What the bytes mean is [`super::footer`]'s and the Parquet
//! reader's; which files make which table is [`super::lake`]'s.
//!
//! - [`listing`] lists a folder's tree, again and again, cheaply.
//! - [`local`] reads the end and ranges of a file. It blocks: a local read is shorter than the way
//!   to another thread.
//! - [`s3`] lists prefixes and reads ranges of objects. It never blocks a thread of the engine's.

pub(super) mod listing;
pub(super) mod local;
pub(super) mod s3;
