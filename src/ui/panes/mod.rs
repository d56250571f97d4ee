//! The four panes, one file each.

pub mod editor;
pub mod feed;
pub mod playbook;
mod record;
pub mod results;
