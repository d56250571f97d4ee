//! JSON objects, one after the other (NDJSON, or with any white space between) or in an array.
//!
//! Two passes: the first finds columns and types over the whole file, so that no late field is
//! lost; the second makes the rows. Neither holds more than a batch.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use arrow::json::reader::Decoder;
use serde::de::{Deserializer as _, SeqAccess, Visitor};

use super::shape::{Json, Shape, conform};
use super::{BATCH_ROWS, Fault, Taker};

/// Finds the columns.
pub(super) fn schema(file: File) -> Result<SchemaRef, Fault> {
    let mut shape = Shape::Object(Vec::new());
    each(file, &mut |value| {
        shape.add(&value);
        Ok(())
    })?;
    match shape {
        Shape::Object(fields) if fields.is_empty() => {
            Err(Fault::new("holds no JSON object with fields"))
        }
        Shape::Object(fields) => Ok(Arc::new(Schema::new(Shape::fields(&fields)))),
        _ => Err(Fault::new("holds values that are no JSON objects")),
    }
}

/// Makes the rows.
pub(super) fn rows(file: File, schema: &SchemaRef, take: Taker<'_>) -> Result<(), Fault> {
    let decoder = || {
        ReaderBuilder::new(Arc::clone(schema))
            .with_batch_size(BATCH_ROWS)
            .build_decoder()
    };
    let mut decoder = decoder()?;
    let whole = DataType::Struct(schema.fields().clone());
    let mut buffered = 0;
    let outcome = each(file, &mut |mut value| {
        conform(&mut value, &whole);
        decoder.serialize(std::slice::from_ref(&value))?;
        buffered += 1;
        if buffered == BATCH_ROWS {
            buffered = 0;
            hand_out(&mut decoder, take)?;
        }
        Ok(())
    });
    // What was read before a fault is shown.
    hand_out(&mut decoder, take)?;
    outcome
}

fn hand_out(decoder: &mut Decoder, take: Taker<'_>) -> Result<(), Fault> {
    match decoder.flush()? {
        Some(batch) => take(batch),
        None => Ok(()),
    }
}

type Each<'a> = &'a mut dyn FnMut(Json) -> Result<(), Fault>;

/// Hands out the objects of a file in order.
fn each(file: File, each: Each<'_>) -> Result<(), Fault> {
    let mut input = BufReader::with_capacity(256 << 10, file);
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    let blank = input
        .fill_buf()?
        .iter()
        .position(|byte| !byte.is_ascii_whitespace());
    if blank.and_then(|at| input.buffer().get(at)) == Some(&b'[') {
        let mut fault = None;
        let mut deserializer = serde_json::Deserializer::from_reader(input);
        let outcome = deserializer
            .deserialize_seq(Elements {
                each,
                fault: &mut fault,
            })
            .and_then(|()| deserializer.end());
        return match (fault, outcome) {
            (Some(fault), _) => Err(fault),
            (None, Err(error)) => Err(broken(&error)),
            (None, Ok(())) => Ok(()),
        };
    }
    // An object may lie on several lines, as it does in a file that holds just one.
    for value in serde_json::Deserializer::from_reader(input).into_iter::<Json>() {
        each(object(value.map_err(|error| broken(&error))?)?)?;
    }
    Ok(())
}

fn object(value: Json) -> Result<Json, Fault> {
    match value {
        Json::Object(_) => Ok(value),
        _ => Err(Fault::new("holds values that are no JSON objects")),
    }
}

fn broken(error: &serde_json::Error) -> Fault {
    // The parser tells the place at the end of its message, too.
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    let column = error.column();
    match error.line() {
        0 => Fault::new(text),
        line => Fault::at(
            line as u64,
            format!("no JSON at column {column}: {message}"),
        ),
    }
}

/// The elements of an array, handed out one after the other.
struct Elements<'a, 'b> {
    each: Each<'a>,
    fault: &'b mut Option<Fault>,
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(value) = access.next_element::<Json>()? {
            if let Err(fault) = object(value).and_then(|value| (self.each)(value)) {
                *self.fault = Some(fault);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
