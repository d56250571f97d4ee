//! Values and rules, no I/O: nothing here reads a file, a clock or the network.

pub mod access;
pub mod case;
pub mod cell;
pub mod cost;
pub mod coverage;
pub mod detection;
pub mod emptiness;
pub mod entity;
pub mod estimate;
pub mod format;
pub mod lake;
pub mod lineage;
pub mod names;
pub mod nearest;
pub mod playbook;
pub mod query;
pub mod rarity;
pub mod record;
pub mod rfc3339;
pub mod rows;
pub mod severity;
pub mod sigma;
pub mod size;
pub mod template;
pub mod timeline;
pub mod view;
