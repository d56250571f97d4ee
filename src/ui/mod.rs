//! Drawing: state in, cells out.

pub mod text;
pub mod theme;
pub mod widgets;
