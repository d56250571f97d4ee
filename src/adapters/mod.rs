//! The outside world behind the ports: each room owns one kind of it and knows no other, but for
//! those that stand on [`aws`] for access and on [`journal`] for what was begun, and those that read
//! CSV, which share `csv`, and those that keep files of their owner's, which share `private`.

pub mod athena;
pub mod aws;
pub mod case;
pub mod catalog;
mod csv;
pub mod documents;
pub mod engine;
pub mod enrich;
pub mod feed;
pub mod files;
pub mod import;
pub mod inbox;
pub mod journal;
pub mod kept;
pub mod matching;
mod private;
pub mod queue;
pub mod results;
pub mod session;
