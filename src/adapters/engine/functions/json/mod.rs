//! JSON: text with `json` noted in its field's metadata. A path is found without building a tree;
//! what is no JSON gives NULL where it is searched and an error where it is parsed.

mod cursor;
mod functions;
mod path;
mod value;

pub(super) use functions::functions;
pub(super) use value::{Json, escape_into};
