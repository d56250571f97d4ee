//! Distinct values, the first so many of them.

use serde::{Deserialize, Serialize};

/// Distinct values in the order in which they came, as many as there is room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Few<T> {
    /// The values.
    values: Vec<T>,
    /// Whether there were more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    /// Whether something named none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    nameless: bool,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            more: false,
            nameless: false,
        }
    }
}

impl<T: PartialEq> Few<T> {
    /// Takes a value, if it is new and there is room.
    pub(super) fn add(&mut self, value: Option<T>, most: usize) {
        match value {
            None => self.nameless = true,
            Some(value) if self.values.contains(&value) => {}
            Some(value) => self.add_new(value, most),
        }
    }

    /// Takes a value that is known to be new, if there is room.
    pub(super) fn add_new(&mut self, value: T, most: usize) {
        if self.values.len() < most {
            self.values.push(value);
        } else {
            self.more = true;
        }
    }

    /// Takes what another one has.
    pub(super) fn add_all(&mut self, other: Self, most: usize) {
        self.more |= other.more;
        self.nameless |= other.nameless;
        for value in other.values {
            self.add(Some(value), most);
        }
    }

    /// There are more.
    pub(super) fn overflow(&mut self) {
        self.more = true;
    }

    /// Whether nothing but this value ever came.
    pub fn is_only(&self, value: &T) -> bool {
        !self.more && !self.nameless && self.values.as_slice() == std::slice::from_ref(value)
    }
}

impl<T> Few<T> {
    /// The values, in the order in which they came.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The first one.
    pub fn first(&self) -> Option<&T> {
        self.values.first()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many there are, with a `+` where there were more than are counted.
    pub fn count(&self) -> String {
        let more = if self.more { "+" } else { "" };
        format!("{}{more}", self.values.len())
    }
}
