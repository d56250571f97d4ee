//! Widgets: plain models in, cells out. They know nothing of the program's state, and draw nothing
//! outside the area that they are given.

pub mod grid;
pub mod record;
