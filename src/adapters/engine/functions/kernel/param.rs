//! The kinds of values that a parameter takes, and how an argument's Arrow type becomes one.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::binary::comparison_coercion;
use datafusion::logical_expr::type_coercion::binary::type_union_coercion;

use super::super::types::{self, IPADDRESS};

/// A kind of value, as Trino's signatures name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Param {
    /// `varchar` (and `json`, which is text here) in any of Arrow's three layouts.
    Text,
    /// Any integer, as `bigint`.
    Int,
    /// Any number, as `double`.
    Double,
    /// `boolean`.
    Bool,
    /// `varbinary`.
    Bytes,
    /// `timestamp` with or without zone, or `date`.
    Instant,
    /// `date`.
    Date,
    /// `ipaddress`.
    Address,
    /// `array(T)`.
    List,
    /// `array(varchar)`.
    TextList,
    /// `map(K, V)`.
    Map,
    /// Anything.
    Any,
}

impl Param {
    /// The type to which an argument is cast before the call, or `None` where Trino has no such
    /// implicit cast.
    pub(crate) fn accept(self, given: &DataType) -> Option<DataType> {
        use DataType as T;
        if let T::Dictionary(_, values) = given {
            return self.accept(values);
        }
        let taken = match (self, given) {
            (Self::Any, given) => given.clone(),
            (Self::Text, T::Utf8 | T::LargeUtf8 | T::Utf8View) => given.clone(),
            (Self::Text, T::Null) => T::Utf8,
            (Self::Int, given) if given.is_integer() || given.is_null() => T::Int64,
            (Self::Double, given) if given.is_numeric() || given.is_null() => T::Float64,
            (Self::Bool, T::Boolean | T::Null) => T::Boolean,
            (Self::Bytes, T::Binary | T::LargeBinary | T::BinaryView | T::Null) => T::Binary,
            (Self::Instant, T::Timestamp(_, _)) => given.clone(),
            (Self::Instant, T::Date32 | T::Date64 | T::Null) => {
                T::Timestamp(TimeUnit::Millisecond, None)
            }
            (Self::Date, T::Date32 | T::Date64 | T::Null) => T::Date32,
            (Self::Address, given) if *given == IPADDRESS => IPADDRESS,
            (Self::Address, T::Null) => IPADDRESS,
            (Self::List, T::List(_)) => given.clone(),
            (Self::List, T::LargeList(item) | T::FixedSizeList(item, _) | T::ListView(item)) => {
                T::List(Arc::clone(item))
            }
            (Self::List, T::Null) => types::list(T::Null),
            (Self::TextList, T::Null) => types::list(T::Utf8),
            (Self::TextList, given) => {
                let element = element_of(given)?;
                (element.is_string() || element.is_null()).then(|| types::list(T::Utf8))?
            }
            (Self::Map, T::Map(_, _)) => given.clone(),
            _ => return None,
        };
        Some(taken)
    }
}

/// The element type of an array type.
pub(crate) fn element_of(list: &DataType) -> Option<&DataType> {
    match list {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item) => Some(item.data_type()),
        _ => None,
    }
}

/// The type in which values of both types can be held and compared.
pub(crate) fn common_type(left: &DataType, right: &DataType) -> Result<DataType> {
    if left == right || right.is_null() {
        return Ok(left.clone());
    }
    if left.is_null() {
        return Ok(right.clone());
    }
    if left.is_string() != right.is_string() {
        return plan_err!(
            "{} and {} have no common type",
            types::trino_name(left),
            types::trino_name(right)
        );
    }
    match type_union_coercion(left, right).or_else(|| comparison_coercion(left, right)) {
        Some(common) => Ok(common),
        None => plan_err!(
            "{} and {} have no common type",
            types::trino_name(left),
            types::trino_name(right)
        ),
    }
}

/// The complaint about arguments that fit none of a function's signatures.
pub(crate) fn unexpected<T>(name: &str, given: &[DataType], signatures: &str) -> Result<T> {
    let given: Vec<String> = given.iter().map(types::trino_name).collect();
    plan_err!(
        "Unexpected parameters ({}) for function {name}; it is called as {signatures}",
        given.join(", ")
    )
}

/// A nullable field of a list.
pub(crate) fn item(data_type: DataType) -> FieldRef {
    Arc::new(Field::new_list_field(data_type, true))
}
