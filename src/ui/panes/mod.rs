//! The four panes, one file each.

pub(in crate::ui) mod candidates;
pub(in crate::ui) mod editor;
pub(in crate::ui) mod feed;
pub(in crate::ui) mod playbook;
pub(in crate::ui) mod queue;
mod record;
pub(in crate::ui) mod results;
mod view_line;
mod zero;
