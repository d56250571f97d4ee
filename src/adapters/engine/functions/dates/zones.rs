//! Moving a time into a zone. A zone belongs to a column's type, so it must be a constant.

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::ReturnFieldArgs;

use super::super::kernel::Param::{Instant, Text};
use super::super::kernel::{Call, Function, Zone};
use super::date;

pub(super) fn functions() -> Vec<Function> {
    vec![
        date(
            "at_timezone",
            "at_timezone(x, zone)",
            "The same instant on another zone's clock",
        )
        .note("the zone must be a constant; a time without zone is UTC")
        .takes_field(&[Instant, Text], same_unit_in_zone, |call| {
            let instants = call.instants(0)?;
            call.to_instants(|row| Ok(Some(instants.micros(row))))
        }),
        date(
            "with_timezone",
            "with_timezone(x, zone)",
            "The instant at which a zone's clock shows this",
        )
        .note("the zone must be a constant")
        .takes_field(&[Instant, Text], same_unit_in_zone, set_zone),
        date("timezone", "timezone(x)", "The name of a time's zone").takes(
            &[Instant],
            DataType::Utf8,
            |call| {
                let zone = call
                    .instants(0)?
                    .zone
                    .map_or_else(|| "UTC".to_owned(), |zone| zone.name());
                call.to_texts(|_| Ok(Some(zone.as_str())))
            },
        ),
    ]
}

fn set_zone(call: &Call<'_>) -> Result<ArrayRef> {
    let (instants, zone) = (call.instants(0)?, call.texts(1)?);
    call.to_instants(|row| {
        let local = instants.local(row)?;
        Ok(Some(
            Zone::parse(zone.at(row))?
                .utc(local)
                .and_utc()
                .timestamp_micros(),
        ))
    })
}

/// The zone named by a constant argument, as Arrow writes it.
fn zone_argument(args: &ReturnFieldArgs<'_>, place: usize) -> Result<String> {
    let constant = args.scalar_arguments.get(place).copied().flatten();
    match constant.and_then(|value| value.try_as_str().flatten()) {
        Some(name) => Ok(Zone::parse(name)?.name()),
        None => plan_err!("the time zone must be a constant text"),
    }
}

/// `timestamp(3) with time zone` in the zone that a constant argument names.
pub(super) fn constant_zone(args: &ReturnFieldArgs<'_>, place: usize) -> Result<Field> {
    let zone = zone_argument(args, place)?;
    let data_type = DataType::Timestamp(TimeUnit::Millisecond, Some(zone.into()));
    Ok(Field::new("", data_type, true))
}

fn same_unit_in_zone(args: &ReturnFieldArgs<'_>) -> Result<Field> {
    let zone = zone_argument(args, 1)?;
    let unit = match args.arg_fields[0].data_type() {
        DataType::Timestamp(unit, _) => *unit,
        _ => TimeUnit::Millisecond,
    };
    Ok(Field::new(
        "",
        DataType::Timestamp(unit, Some(zone.into())),
        true,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives};

    #[test]
    fn zones() {
        let noon = "TIMESTAMP '2026-07-01 12:00:00'";
        gives(
            &format!("at_timezone({noon}, 'Asia/Tokyo')"),
            "2026-07-01T21:00:00+09:00",
        );
        gives(
            &format!("with_timezone({noon}, 'Asia/Tokyo')"),
            "2026-07-01T12:00:00+09:00",
        );
        gives(
            &format!("timezone(with_timezone({noon}, '+02:00'))"),
            "+02:00",
        );
        fails(
            &format!("at_timezone({noon}, concat('U', chr(random() * 9)))"),
            "Unexpected",
        );
        fails(&format!("at_timezone({noon}, 'Here')"), "not a time zone");
    }
}
