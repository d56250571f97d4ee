//! Arrow types as Athena's DDL spells them.

use arrow::datatypes::{DataType, Fields};

/// The type in Athena's DDL: `struct<uid:string>`, `array<int>`, `map<string,string>`,
/// `timestamp` … Types that Athena lacks (unsigned integers, times of day, intervals) are spelled
/// as the nearest one that holds their values.
pub fn athena_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 | DataType::UInt8 => "smallint".to_owned(),
        DataType::Int32 | DataType::UInt16 => "int".to_owned(),
        DataType::Int64 | DataType::UInt32 | DataType::Duration(_) => "bigint".to_owned(),
        DataType::UInt64 => "decimal(20,0)".to_owned(),
        DataType::Float16 | DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, _) => "timestamp".to_owned(),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "binary".to_owned(),
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => {
            format!("array<{}>", athena_type(element.data_type()))
        }
        DataType::Struct(fields) => format!("struct<{}>", members(fields)),
        DataType::Map(entry, _) => match entry.data_type() {
            DataType::Struct(pair) => {
                let types: Vec<String> = pair.iter().map(|f| athena_type(f.data_type())).collect();
                format!("map<{}>", types.join(","))
            }
            _ => "map<string,string>".to_owned(),
        },
        DataType::Dictionary(_, values) => athena_type(values),
        DataType::RunEndEncoded(_, values) => athena_type(values.data_type()),
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Null
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Interval(_)
        | DataType::Union(_, _) => "string".to_owned(),
    }
}

fn members(fields: &Fields) -> String {
    let members: Vec<String> = fields
        .iter()
        .map(|field| format!("{}:{}", field.name(), athena_type(field.data_type())))
        .collect();
    members.join(",")
}
