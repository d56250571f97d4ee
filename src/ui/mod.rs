//! Drawing: state in, cells out. Nothing here changes the state or waits for anything.

mod chrome;
mod overlays;
mod paint;
mod panes;
mod screen;
pub mod text;
pub mod theme;
pub mod widgets;

pub use screen::{Cursor, Painter};

#[cfg(test)]
mod tests;
