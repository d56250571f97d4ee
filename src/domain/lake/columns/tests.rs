use arrow::array::AsArray;
use arrow::datatypes::{Field, Int32Type, Schema};

use super::*;

fn table() -> Table {
    let pair = DataType::Struct(
        vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("size", DataType::Int32, true),
        ]
        .into(),
    );
    Table::new(&Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int32, true),
        Field::new("one", pair.clone(), true),
        Field::new("many", DataType::new_list(pair, true), true),
    ])))
    .unwrap()
}

#[test]
fn what_a_row_does_not_write_is_null() {
    let mut table = table();
    let id = table.leaf("id").unwrap();
    let one = table.leaf("one.name").unwrap();
    let size = table.leaf("many.size").unwrap();
    let many = table.list("many").unwrap();

    table.int(id, 1);
    table.end_row();
    table.int(id, 2);
    table.text(one, "two");
    table.int(size, 20);
    table.end_element(many);
    table.end_element(many);
    table.end_row();
    table.open(many);
    table.end_row();
    let batch = table.finish().unwrap();

    assert_eq!(batch.num_rows(), 3);
    let ids = batch.column(0).as_primitive::<Int32Type>();
    assert!(ids.is_null(2));
    let ones = batch.column(1).as_struct();
    assert!(ones.is_null(0) && ones.is_valid(1));
    let lists = batch.column(2).as_list::<i32>();
    assert!(lists.is_null(0));
    assert_eq!(lists.value_length(1), 2);
    assert!(lists.is_valid(2) && lists.value_length(2) == 0);
    let elements = lists.value(1);
    assert!(elements.is_valid(0) && elements.is_null(1));
}

#[test]
fn a_table_starts_anew_after_a_batch() {
    let mut table = table();
    let id = table.leaf("id").unwrap();
    let many = table.list("many").unwrap();
    for round in 0..3 {
        table.int(id, round);
        table.end_element(many);
        table.end_row();
        let batch = table.finish().unwrap();
        assert_eq!(batch.num_rows(), 1);
        assert_eq!(batch.column(2).as_list::<i32>().values().len(), 1);
        assert_eq!(batch.column(0).as_primitive::<Int32Type>().value(0), round);
    }
}

#[test]
fn an_unknown_path_is_an_error() {
    assert!(table().leaf("one.nothing").is_err());
    assert!(table().list("one").is_err());
}
