use super::*;
use crate::domain::rarity::{Ranking, Score};
use crate::store::effect::{CellRef, Sort, Surprise};
use crate::store::testing::rows;

const STYLE: TimeStyle = TimeStyle::Athena;

fn spec(sort: Option<(usize, bool)>, contains: Option<&str>) -> OrderSpec {
    OrderSpec {
        sort: sort.map(|(column, descending)| Sort { column, descending }),
        contains: contains.map(str::to_owned),
        ..OrderSpec::default()
    }
}

#[test]
fn sort_and_filter_work_together() {
    let rows = rows(6, |n| {
        if n % 2 == 0 {
            "even".into()
        } else {
            format!("odd {n}")
        }
    });
    let order = order(rows.as_ref(), &spec(Some((0, true)), Some("ODD")), STYLE);
    assert_eq!(*order, [5, 3, 1]);
}

#[test]
fn same_as_keeps_equal_values() {
    let rows = rows(6, |n| (n % 3).to_string());
    let same = OrderSpec {
        same_as: Some(CellRef { row: 1, column: 1 }),
        ..OrderSpec::default()
    };
    assert_eq!(*order(rows.as_ref(), &same, STYLE), [1, 4]);
}

#[test]
fn the_most_surprising_stand_first_and_filters_stay() {
    let rows = rows(6, |n| {
        if n % 2 == 0 {
            "even".into()
        } else {
            "odd".into()
        }
    });
    let score = |surprise| Score {
        surprise,
        reason: "why".into(),
    };
    // The last row came after the others were judged.
    let scores = [1.0, 7.5, -0.5, 7.5, 9.0].map(score).into();
    let surprise = Surprise(Arc::new(Ranking {
        scores,
        against: String::new(),
    }));
    let all = OrderSpec {
        surprise: Some(surprise),
        ..OrderSpec::default()
    };
    assert_eq!(*order(rows.as_ref(), &all, STYLE), [4, 1, 3, 0, 2, 5]);
    let odd = OrderSpec {
        contains: Some("odd".to_owned()),
        ..all
    };
    assert_eq!(*order(rows.as_ref(), &odd, STYLE), [1, 3, 5]);
}

#[test]
fn find_gives_places_in_the_shown_order() {
    let rows = rows(6, |n| if n == 4 { "here".into() } else { "no".into() });
    let places = find(rows.as_ref(), &spec(Some((0, true)), None), "here", STYLE);
    assert_eq!(*places, [1]);
    assert_eq!(
        *find(rows.as_ref(), &OrderSpec::default(), "here", STYLE),
        [4]
    );
}

#[test]
fn an_export_writes_the_shown_rows_whole_and_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.ndjson");
    let rows = rows(6, |n| n.to_string());
    let spec = spec(Some((0, true)), Some("3"));
    assert_eq!(
        export(rows.as_ref(), &spec, Format::Ndjson, &path, STYLE),
        Ok(1)
    );
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"number\":3"), "{text}");
    let again = export(rows.as_ref(), &spec, Format::Ndjson, &path, STYLE).unwrap_err();
    assert!(again.contains("exists already"), "{again}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_export_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/such/out.csv");
    let rows = rows(1, |n| n.to_string());
    let error = export(
        rows.as_ref(),
        &OrderSpec::default(),
        Format::Csv,
        &path,
        STYLE,
    );
    assert!(error.unwrap_err().contains("out.csv"));
}
