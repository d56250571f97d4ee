use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use proptest::prelude::*;

use super::super::tests::peer::{Answer, Peer};
use super::*;

/// Small parts and short waits.
const PACE: Pace = Pace {
    first: 100,
    part: 1_000,
    in_flight: 4,
    tries: 5,
    wait: Duration::from_millis(1),
    stall: Duration::from_millis(200),
};

/// Bytes of which no two near ones are alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at * 7 % 251).unwrap())
        .collect()
}

/// The object as it arrives, or why it does not, and what arrived before.
async fn fetch(peer: &Peer) -> (Vec<u8>, Option<Unreadable>, Counters) {
    let place = Place::of("s3://bucket/a/result.csv").unwrap();
    let counters = Counters::default();
    let object = match Object::open(&peer.s3(), place, counters.clone(), PACE).await {
        Ok(object) => object,
        Err(unreadable) => return (Vec::new(), Some(unreadable), counters),
    };
    let size = object.size;
    let (mut all, rest) = object.parts();
    let mut rest = std::pin::pin!(rest);
    while let Some(part) = rest.next().await {
        match part {
            Ok(part) => all.extend(part),
            Err(unreadable) => return (all, Some(unreadable), counters),
        }
    }
    assert_eq!(all.len() as u64, size);
    (all, None, counters)
}

#[test]
fn places_are_read() {
    let place = Place::of("s3://b/k/x.csv").unwrap();
    assert_eq!(
        (place.bucket.as_str(), place.key.as_str()),
        ("b", "k/x.csv")
    );
    assert_eq!(place.to_string(), "s3://b/k/x.csv");
    for none in ["", "s3://", "s3://b", "s3://b/", "s3:///k", "https://b/k"] {
        assert_eq!(Place::of(none), None, "{none}");
    }
}

#[test]
fn parts_grow_and_cover_the_object() {
    let all: Vec<_> = parts(100, 5_000, PACE).collect();
    assert_eq!(
        all,
        [
            100..500,
            500..1_500,
            1_500..2_500,
            2_500..3_500,
            3_500..4_500,
            4_500..5_000
        ]
    );
    assert_eq!(parts(100, 100, PACE).count(), 0);
}

#[tokio::test]
async fn parts_come_in_parallel_and_in_order() {
    let object = bytes(20_000);
    let peer = Peer::start(&object, |_, _| Answer::Good).await;
    let (all, fault, counters) = fetch(&peer).await;
    assert_eq!(fault, None);
    assert!(all == object);
    let parts = 1 + parts(100, 20_000, PACE).count();
    assert_eq!(peer.asked().len(), parts);
    assert_eq!(counters.requests.load(Ordering::Relaxed), parts as u64);
    assert_eq!(counters.fetched.load(Ordering::Relaxed), 20_000);
    assert!(peer.most_at_once() <= PACE.in_flight);
}

#[tokio::test]
async fn as_many_parts_as_allowed_are_under_way_together() {
    let object = bytes(20_000);
    let peer = Peer::start(&object, |_, range| {
        if range.start == 0 {
            Answer::Good
        } else {
            Answer::Stall(10)
        }
    })
    .await;
    let place = Place::of("s3://bucket/a/result.csv").unwrap();
    let pace = Pace {
        stall: Duration::from_secs(600),
        ..PACE
    };
    let object = Object::open(&peer.s3(), place, Counters::default(), pace)
        .await
        .unwrap();
    let (_, rest) = object.parts();
    let mut rest = Box::pin(rest);
    tokio::select! {
        part = rest.next() => panic!("nothing can arrive: {part:?}"),
        () = peer.until_held(PACE.in_flight) => {}
    }
    // Letting go of the stream ends what is under way.
    drop(rest);
    peer.until_held(0).await;
    assert_eq!(peer.most_at_once(), PACE.in_flight);
}

#[tokio::test]
async fn a_small_object_takes_one_request_and_an_empty_one_none_more() {
    for length in [0, 1, 99, 100] {
        for answer in [Answer::Good, Answer::Whole] {
            if length == 0 && answer == Answer::Whole {
                continue;
            }
            let object = bytes(length);
            let peer = Peer::start(&object, move |_, _| answer).await;
            let (all, fault, _) = fetch(&peer).await;
            assert_eq!((all, fault), (object, None), "{length} {answer:?}");
            assert_eq!(peer.asked().len(), 1);
        }
    }
}

/// Every fault that passes, once for each part.
#[tokio::test]
async fn whatever_passes_costs_a_request_and_no_byte() {
    let object = bytes(5_000);
    for answer in [
        Answer::Slow,
        Answer::Cut(0),
        Answer::Cut(57),
        Answer::Short(0),
        Answer::Short(57),
        Answer::Long(13),
        Answer::Stall(0),
        Answer::Stall(57),
        Answer::Silent,
        Answer::Shifted(10),
        Answer::Error(500, "InternalError"),
        Answer::Error(503, "SlowDown"),
        Answer::Error(503, "ServiceUnavailable"),
    ] {
        let seen = Mutex::new(HashSet::new());
        let peer = Peer::start(&object, move |_, range| {
            if seen.lock().unwrap().insert(range.end) {
                answer
            } else {
                Answer::Good
            }
        })
        .await;
        let (all, fault, _) = fetch(&peer).await;
        assert_eq!(fault, None, "{answer:?}");
        assert!(all == object, "{answer:?}");
        let parts = 1 + parts(100, 5_000, PACE).count();
        let asked = peer.asked();
        let expected = if answer == Answer::Slow {
            parts
        } else {
            2 * parts
        };
        assert_eq!(asked.len(), expected, "{answer:?}: {asked:?}");
        let kept = match answer {
            Answer::Cut(bytes) | Answer::Short(bytes) | Answer::Stall(bytes) => bytes as u64,
            _ => 0,
        };
        // Only the missing bytes are asked for again.
        assert!(
            answer == Answer::Slow || asked.contains(&(100 + kept..500)),
            "{answer:?}: {asked:?}"
        );
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told_with_its_reason() {
    let object = bytes(5_000);
    for (answer, at_first, later) in [
        (
            Answer::Error(404, "NoSuchKey"),
            Reason::Missing,
            Reason::Missing,
        ),
        (
            Answer::Error(404, "NoSuchBucket"),
            Reason::Missing,
            Reason::Missing,
        ),
        (
            Answer::Error(403, "AccessDenied"),
            Reason::Denied,
            Reason::Denied,
        ),
        (
            Answer::Error(400, "ExpiredToken"),
            Reason::Credentials,
            Reason::Credentials,
        ),
        (
            Answer::Error(301, "PermanentRedirect"),
            Reason::Refused,
            Reason::Refused,
        ),
        (
            Answer::Error(412, "PreconditionFailed"),
            Reason::Changed,
            Reason::Changed,
        ),
        (
            Answer::Error(503, "SlowDown"),
            Reason::Broken,
            Reason::Broken,
        ),
        (Answer::Short(0), Reason::Broken, Reason::Broken),
        (Answer::Cut(0), Reason::Broken, Reason::Broken),
        (Answer::Silent, Reason::Broken, Reason::Broken),
        (Answer::Whole, Reason::Refused, Reason::Refused),
        (Answer::OtherSize, Reason::Changed, Reason::Changed),
        (Answer::OtherEtag, Reason::Changed, Reason::Changed),
    ] {
        // What the first answer tells is what the object is.
        let is_the_object = matches!(answer, Answer::OtherSize | Answer::OtherEtag);
        if !is_the_object {
            let peer = Peer::start(&object, move |_, _| answer).await;
            let (all, fault, _) = fetch(&peer).await;
            assert_eq!(all, b"", "{answer:?}");
            assert_eq!(
                fault.map(|fault| fault.reason),
                Some(at_first),
                "{answer:?}"
            );
        }
        let peer = Peer::start(&object, move |_, range| {
            if range.end == 1_500 {
                answer
            } else {
                Answer::Good
            }
        })
        .await;
        let (all, fault, _) = fetch(&peer).await;
        assert!(
            all == object[..500],
            "{answer:?}: the bytes before come whole"
        );
        let fault = fault.unwrap();
        assert_eq!(fault.reason, later, "{answer:?}");
        assert!(
            fault.error.message.contains("s3://bucket/a/result.csv"),
            "{fault:?}"
        );
        if later == Reason::Broken {
            assert!(fault.error.message.ends_with("(5 tries)"), "{fault:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_byte_is_lost_or_doubled_under_any_faults(
        length in 0_usize..6_000,
        answers in prop::collection::vec(
            prop_oneof![
                2 => Just(Answer::Good),
                1 => (0_usize..600).prop_map(Answer::Cut),
                1 => (0_usize..600).prop_map(Answer::Short),
                1 => (1_usize..50).prop_map(Answer::Long),
                1 => (1_u64..50).prop_map(Answer::Shifted),
                1 => Just(Answer::Silent),
                1 => Just(Answer::Error(503, "SlowDown")),
            ],
            0..30,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let object = bytes(length);
            let peer = Peer::start(&object, move |number, _| {
                answers.get(number).copied().unwrap_or(Answer::Good)
            })
            .await;
            let (all, fault, _) = fetch(&peer).await;
            match fault {
                None => assert!(all == object),
                // Five faults in a row for one part; what came before is whole.
                Some(fault) => {
                    assert_eq!(fault.reason, Reason::Broken);
                    assert!(object.starts_with(&all));
                }
            }
        });
    }
}
