//! Puts right what some writers of lake files leave out of a Parquet schema, so that every file is
//! read by the same rules.
//!
//! Some writers leave out the LIST annotation of a three-level or two-level list: the group then
//! reads as a struct with one repeated child. A group of one repeated child can mean nothing but a
//! list (or, with a key and a value inside, a map), so it is annotated as one. Names are put into
//! lower case, as Glue and Athena do, unless two of one group would then be the same. The leaves,
//! their levels and the column chunks stay as they are.

use std::collections::HashSet;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::errors::Result;
use parquet::file::metadata::{FileMetaData, ParquetMetaData};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

/// The same metadata with missing annotations set and without the key-value pairs: what a writer
/// says there about Arrow types differs from file to file and must not decide how a table reads.
pub(super) fn repair(metadata: ParquetMetaData) -> Result<ParquetMetaData> {
    let file = metadata.file_metadata();
    let root = file.schema_descr().root_schema_ptr();
    let schema = match right_root(&root)? {
        Some(root) => Arc::new(SchemaDescriptor::new(root)),
        None if file.key_value_metadata().is_none() => return Ok(metadata),
        None => file.schema_descr_ptr(),
    };
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        None,
        schema,
        file.column_orders().cloned(),
    );
    let row_groups = metadata.into_builder().take_row_groups();
    Ok(ParquetMetaData::new(file, row_groups))
}

/// The root with its children put right, or `None` where nothing was amiss.
fn right_root(root: &TypePtr) -> Result<Option<TypePtr>> {
    let children = right_children(root)?;
    children
        .map(|children| rebuild_group(root, root.name(), children, None))
        .transpose()
}

fn right_children(group: &Type) -> Result<Option<Vec<TypePtr>>> {
    let lower = distinct_in_lower_case(group);
    let mut changed = false;
    let mut children = Vec::with_capacity(group.get_fields().len());
    for child in group.get_fields() {
        match right(child, lower)? {
            Some(new) => {
                changed = true;
                children.push(new);
            }
            None => children.push(Arc::clone(child)),
        }
    }
    Ok(changed.then_some(children))
}

fn distinct_in_lower_case(group: &Type) -> bool {
    let mut names = HashSet::new();
    group
        .get_fields()
        .iter()
        .all(|field| names.insert(field.name().to_lowercase()))
}

fn right(field: &TypePtr, lower: bool) -> Result<Option<TypePtr>> {
    let name = if lower {
        field.name().to_lowercase()
    } else {
        field.name().to_owned()
    };
    let renamed = name != field.name();
    if field.is_primitive() {
        return renamed.then(|| rebuild_leaf(field, &name)).transpose();
    }
    let children = right_children(field)?;
    let missing = missing_annotation(field);
    if children.is_none() && missing.is_none() && !renamed {
        return Ok(None);
    }
    let children = children.unwrap_or_else(|| field.get_fields().to_vec());
    rebuild_group(field, &name, children, missing).map(Some)
}

/// What a group of one repeated child must be annotated as, where it bears no annotation.
fn missing_annotation(field: &Type) -> Option<ConvertedType> {
    let info = field.get_basic_info();
    let plain = info.converted_type() == ConvertedType::NONE && info.logical_type_ref().is_none();
    let repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    let [child] = field.get_fields() else {
        return None;
    };
    let inner = child.get_basic_info();
    if !plain || repeated || !inner.has_repetition() || inner.repetition() != Repetition::REPEATED {
        return None;
    }
    let is_map = child.is_group()
        && matches!(child.get_fields(), [key, value]
            if key.name() == "key" && value.name() == "value" && key.is_primitive());
    Some(if is_map {
        ConvertedType::MAP
    } else {
        ConvertedType::LIST
    })
}

fn rebuild_leaf(leaf: &Type, name: &str) -> Result<TypePtr> {
    let Type::PrimitiveType {
        basic_info,
        physical_type,
        type_length,
        scale,
        precision,
    } = leaf
    else {
        return Err(parquet::errors::ParquetError::General(
            "a group in the place of a column".to_owned(),
        ));
    };
    let mut builder = Type::primitive_type_builder(name, *physical_type)
        .with_converted_type(basic_info.converted_type())
        .with_logical_type(basic_info.logical_type_ref().cloned())
        .with_length(*type_length)
        .with_scale(*scale)
        .with_precision(*precision)
        .with_id(basic_info.has_id().then(|| basic_info.id()));
    if basic_info.has_repetition() {
        builder = builder.with_repetition(basic_info.repetition());
    }
    Ok(Arc::new(builder.build()?))
}

fn rebuild_group(
    group: &Type,
    name: &str,
    children: Vec<TypePtr>,
    annotation: Option<ConvertedType>,
) -> Result<TypePtr> {
    let info = group.get_basic_info();
    let mut builder = Type::group_type_builder(name).with_fields(children);
    if info.has_repetition() {
        builder = builder.with_repetition(info.repetition());
    }
    if info.has_id() {
        builder = builder.with_id(Some(info.id()));
    }
    let builder = match annotation {
        Some(ConvertedType::MAP) => builder
            .with_converted_type(ConvertedType::MAP)
            .with_logical_type(Some(LogicalType::Map)),
        Some(annotation) => builder
            .with_converted_type(annotation)
            .with_logical_type(Some(LogicalType::List)),
        None => builder
            .with_converted_type(info.converted_type())
            .with_logical_type(info.logical_type_ref().cloned()),
    };
    Ok(Arc::new(builder.build()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::arrow::parquet_to_arrow_schema;
    use parquet::schema::parser::parse_message_type;

    fn arrow_type(message: &str) -> String {
        let root = Arc::new(parse_message_type(message).unwrap());
        let root = right_root(&root).unwrap().unwrap_or(root);
        let schema = parquet_to_arrow_schema(&SchemaDescriptor::new(root), None).unwrap();
        schema.field(0).data_type().to_string()
    }

    #[test]
    fn a_bare_group_of_one_repeated_child_is_a_list() {
        let three = arrow_type(
            "message m { optional group r { repeated group list { optional group element { optional binary uid (UTF8); optional binary type (UTF8); } } } }",
        );
        assert!(three.starts_with("List("), "{three}");
        assert!(!three.contains("List(List"), "{three}");
        let two = arrow_type(
            "message m { optional group r { repeated group array { optional binary uid (UTF8); } } }",
        );
        assert!(two.starts_with("List(non-null Struct"), "{two}");
        let text = arrow_type("message m { optional group r { repeated binary array (UTF8); } }");
        assert_eq!(text, "List(non-null Utf8, field: 'array')");
    }

    #[test]
    fn a_bare_key_and_value_is_a_map() {
        let map = arrow_type(
            "message m { optional group u { repeated group u { required binary key (UTF8); optional binary value (UTF8); } } }",
        );
        assert!(map.starts_with("Map("), "{map}");
    }

    #[test]
    fn names_are_put_into_lower_case_unless_they_collide() {
        let root = |message: &str| {
            let root = Arc::new(parse_message_type(message).unwrap());
            let root = right_root(&root).unwrap().unwrap_or(root);
            let schema = parquet_to_arrow_schema(&SchemaDescriptor::new(root), None).unwrap();
            schema.to_string()
        };
        let lower = root(
            "message m { optional group SrcEndpoint { optional binary IP (UTF8); } optional int64 Time (TIMESTAMP(MILLIS,true)); }",
        );
        assert!(lower.contains("\"srcendpoint\""), "{lower}");
        assert!(lower.contains("\"ip\""), "{lower}");
        assert!(lower.contains("Timestamp(ms, \"UTC\")"), "{lower}");
        let both = root("message m { optional int32 a; optional int32 A; }");
        assert!(both.contains("\"A\""), "{both}");
    }

    #[test]
    fn what_is_annotated_stays() {
        let root = Arc::new(
            parse_message_type(
                "message m { optional group r (LIST) { repeated group list { optional int32 element; } } optional group s { optional int32 a; } }",
            )
            .unwrap(),
        );
        assert!(right_root(&root).unwrap().is_none());
    }
}
