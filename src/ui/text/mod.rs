//! The only way from data to screen text.
//!
//! Every string of a lake was chosen by somebody else. [`SafeText`] shows what could move the
//! cursor, hide, reorder or pile up as a visible escape (`\x1b`, `\u{202e}`, `\u{+37}` for 37
//! further marks) and never deletes it, because it is evidence. This room knows columns and
//! characters; it knows no rows, panes or themes.

mod builder;
mod classify;
mod lines;
mod safe;

pub use lines::{safe_lines, wrap};
pub use safe::{Align, SafeText};

#[cfg(test)]
mod tests;
