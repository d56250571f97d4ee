//! The functions over JSON.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::super::kernel::Param::{Bool, Double, Int, Text};
use super::super::kernel::{Call, Family, Function, Texts};
use super::cursor::Cursor;
use super::path::{Step, parse_path};
use super::value::Json;

const BIGINT: DataType = DataType::Int64;
const JSON: DataType = DataType::Utf8;

fn json(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Json, name, signature, purpose)
}

pub(crate) fn functions() -> Vec<Function> {
    vec![
        json(
            "json_extract",
            "json_extract(json, path)",
            "The value at a path, as JSON; NULL where there is none",
        )
        .takes(&[Text, Text], JSON, |call| {
            at_path(call, |found| {
                Json::parse(found).map(|value| value.to_text())
            })
        })
        .gives_json(),
        json(
            "json_extract_scalar",
            "json_extract_scalar(json, path)",
            "The string, number or boolean at a path, as text; NULL for an array or object",
        )
        .takes(&[Text, Text], DataType::Utf8, |call| {
            at_path(call, |found| Some(Json::parse(found)?.scalar()?.to_owned()))
        }),
        json(
            "json_parse",
            "json_parse(text)",
            "The text as JSON, keys in order; an error where it is none",
        )
        .takes(&[Text], JSON, |call| {
            let text = call.texts(0)?;
            call.to_texts(|row| match Json::parse(text.at(row)) {
                Some(mut value) => {
                    value.sort();
                    Ok(Some(value.to_text()))
                }
                None => exec_err!("json_parse: '{}' is not JSON", shortened(text.at(row))),
            })
        })
        .gives_json(),
        json(
            "json_format",
            "json_format(json)",
            "The text of a JSON value",
        )
        .takes(&[Text], DataType::Utf8, |call| {
            call.expanded(0)
                .and_then(|text| Ok(arrow::compute::cast(&text, &DataType::Utf8)?))
        }),
        json(
            "json_size",
            "json_size(json, path)",
            "The number of members at a path; 0 for a scalar",
        )
        .takes(&[Text, Text], BIGINT, |call| {
            let mut search = Search::new(call)?;
            call.to_ints(|row| {
                Ok(search
                    .find(row)?
                    .and_then(Json::parse)
                    .map(|value| match value {
                        Json::List(elements) => length(elements.len()),
                        Json::Object(members) => length(members.len()),
                        _ => 0,
                    }))
            })
        }),
        json(
            "json_array_length",
            "json_array_length(json)",
            "The number of elements; NULL for what is no array",
        )
        .takes(&[Text], BIGINT, |call| {
            let text = call.texts(0)?;
            call.to_ints(|row| Ok(elements(text.at(row)).map(|elements| length(elements.len()))))
        }),
        json(
            "json_array_get",
            "json_array_get(json, place)",
            "The element at a place, from 0, or from the end where negative",
        )
        .takes(&[Text, Int], JSON, |call| {
            let (text, place) = (call.texts(0)?, call.ints(1)?);
            call.to_texts(|row| {
                let elements = elements(text.at(row)).unwrap_or_default();
                let place = place.at(row);
                let place = if place < 0 {
                    place + length(elements.len())
                } else {
                    place
                };
                let element = usize::try_from(place)
                    .ok()
                    .and_then(|place| elements.get(place));
                Ok(element
                    .filter(|element| **element != Json::Null)
                    .map(Json::to_text))
            })
        })
        .gives_json(),
        json(
            "json_array_contains",
            "json_array_contains(json, value)",
            "Whether an array holds a scalar",
        )
        .takes(&[Text, Bool], DataType::Boolean, |call| {
            let value = call.bools(1)?;
            contains(call, |element, row| *element == Json::Bool(value.at(row)))
        })
        .takes(&[Text, Int], DataType::Boolean, |call| {
            let value = call.ints(1)?;
            contains(call, |element, row| match element {
                Json::Number(text) => text.parse() == Ok(value.at(row)),
                _ => false,
            })
        })
        .takes(&[Text, Double], DataType::Boolean, |call| {
            let value = call.doubles(1)?;
            contains(call, |element, row| match element {
                Json::Number(text) => text.parse() == Ok(value.at(row)),
                _ => false,
            })
        })
        .takes(&[Text, Text], DataType::Boolean, |call| {
            let value = call.texts(1)?;
            contains(call, |element, row| match element {
                Json::Text(text) => text == value.at(row),
                _ => false,
            })
        }),
        json(
            "is_json_scalar",
            "is_json_scalar(json)",
            "Whether it is a string, number, boolean or null",
        )
        .takes(&[Text], DataType::Boolean, |call| {
            let text = call.texts(0)?;
            call.to_bools(|row| match Json::parse(text.at(row)) {
                Some(value) => Ok(Some(!matches!(value, Json::List(_) | Json::Object(_)))),
                None => exec_err!("is_json_scalar: '{}' is not JSON", shortened(text.at(row))),
            })
        }),
    ]
}

/// Finds a call's path in its text; a path that repeats is read once.
struct Search<'a> {
    text: Texts<'a>,
    paths: Texts<'a>,
    last: Option<(&'a str, Vec<Step>)>,
}

impl<'a> Search<'a> {
    fn new(call: &'a Call<'_>) -> Result<Self> {
        Ok(Self {
            text: call.texts(0)?,
            paths: call.texts(1)?,
            last: None,
        })
    }

    fn find(&mut self, row: usize) -> Result<Option<&'a str>> {
        let path = self.paths.at(row);
        let steps = match self.last.take().filter(|(known, _)| *known == path) {
            Some(known) => known,
            None => (path, parse_path(path)?),
        };
        let found = Cursor::new(self.text.at(row)).find(&steps.1);
        self.last = Some(steps);
        Ok(found)
    }
}

fn at_path(call: &Call<'_>, value: fn(&str) -> Option<String>) -> Result<ArrayRef> {
    let mut search = Search::new(call)?;
    call.to_texts(|row| Ok(search.find(row)?.and_then(value)))
}

fn elements(text: &str) -> Option<Vec<Json<'_>>> {
    match Json::parse(text)? {
        Json::List(elements) => Some(elements),
        _ => None,
    }
}

fn contains(call: &Call<'_>, matches: impl Fn(&Json<'_>, usize) -> bool) -> Result<ArrayRef> {
    let text = call.texts(0)?;
    call.to_bools(|row| {
        Ok(elements(text.at(row))
            .map(|elements| elements.iter().any(|element| matches(element, row))))
    })
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// A value's beginning, for a message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives, gives_rows};

    const DOC: &str = r#"'{"b": [1, {"c": "x\ty"}, null], "a": 1.50, "k.e": true, "o": {}}'"#;

    #[test]
    fn extracting() {
        gives(
            &format!("json_extract({DOC}, '$.b')"),
            r#"[1,{"c":"x\ty"},null]"#,
        );
        gives(&format!("json_extract({DOC}, '$.b[2]')"), "null");
        gives(&format!("json_extract({DOC}, '$.none')"), "NULL");
        gives(&format!("json_extract_scalar({DOC}, '$.b[1].c')"), "x\ty");
        gives(&format!("json_extract_scalar({DOC}, '$.a')"), "1.50");
        gives(
            &format!(r#"json_extract_scalar({DOC}, '$["k.e"]')"#),
            "true",
        );
        gives(&format!("json_extract_scalar({DOC}, '$.b')"), "NULL");
        gives(&format!("json_extract_scalar({DOC}, '$.b[2]')"), "NULL");
        gives("json_extract_scalar('no json', '$.a')", "NULL");
        gives_rows(
            "json_extract_scalar(v, '$.a')",
            "('{\"a\":1}'), (NULL), ('{')",
            &["1", "NULL", "NULL"],
        );
        fails("json_extract('{}', '$..a')", "not a JSON path");
    }

    #[test]
    fn parsing() {
        gives(
            &format!("json_format(json_parse({DOC}))"),
            r#"{"a":1.50,"b":[1,{"c":"x\ty"},null],"k.e":true,"o":{}}"#,
        );
        fails("json_parse('{a: 1}')", "is not JSON");
        gives("typeof(json_parse('1'))", "json");
    }

    #[test]
    fn arrays() {
        gives("json_array_length('[1, [2, 3]]')", "2");
        gives("json_array_length('{}')", "NULL");
        gives("json_array_get('[\"a\", 2]', 0)", "\"a\"");
        gives("json_array_get('[\"a\", 2]', -1)", "2");
        gives("json_array_get('[1]', 5)", "NULL");
        gives("json_array_contains('[1, 2.5, \"a\", true]', 1)", "true");
        gives("json_array_contains('[1, 2.5, \"a\", true]', 2.5)", "true");
        gives("json_array_contains('[1, 2.5, \"a\", true]', 'b')", "false");
        gives("json_array_contains('[1, 2.5, \"a\", true]', true)", "true");
        gives("json_size('{\"x\": {\"a\": 1, \"b\": 2}}', '$.x')", "2");
        gives("json_size('{\"x\": 1}', '$.x')", "0");
        gives("is_json_scalar('[1]')", "false");
    }
}
