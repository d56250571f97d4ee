//! Which prefixes of a bucket are listed: down to where days begin, those of the days that count;
//! where there are no days, all.

use chrono::NaiveDate;

use super::pages::{Bucket, Trouble};

/// Prefixes that are looked at, at most.
const MOST: usize = 20_000;

/// A prefix whose objects are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) prefix: String,
    /// Whether only what lies right there is meant, and nothing further down.
    pub(super) alone: bool,
}

/// The prefixes of a bucket as far as they were looked at.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    /// Where days begin, with the spelling of `eventDay=`.
    parted: Vec<(String, String)>,
    /// Where objects lie that no day holds.
    bare: Vec<String>,
    cut: bool,
}

impl Tree {
    /// Looks at every prefix below one.
    pub(super) async fn walk(bucket: &Bucket, prefix: &str) -> Result<Self, Trouble> {
        let mut tree = Self::default();
        let mut open = vec![prefix.to_owned()];
        let mut seen = 0;
        while let Some(prefix) = open.pop() {
            seen += 1;
            if seen > MOST {
                tree.cut = true;
                break;
            }
            let (below, has_objects) = bucket.below(&prefix).await?;
            open.extend(tree.add(prefix, below, has_objects));
        }
        tree.parted.sort();
        tree.bare.sort();
        Ok(tree)
    }

    /// Adds what lies below a prefix; gives the prefixes to look at next.
    fn add(&mut self, prefix: String, below: Vec<String>, has_objects: bool) -> Vec<String> {
        // The source was pointed at one day.
        if day_of(&prefix).is_some() {
            self.bare.push(prefix);
            return Vec::new();
        }
        let spelling = below.iter().find_map(|below| day_of(below));
        let next = below
            .into_iter()
            .filter(|below| day_of(below).is_none())
            .collect();
        if let Some(spelling) = spelling {
            self.parted.push((prefix.clone(), spelling));
        }
        if has_objects {
            self.bare.push(prefix);
        }
        next
    }

    /// What is to be listed: the days in their order, each everywhere, then the rest.
    pub(super) fn places(&self, days: &[NaiveDate]) -> Vec<Place> {
        let parted = days.iter().flat_map(|day| {
            let day = day.format("%Y%m%d");
            self.parted.iter().map(move |(prefix, spelling)| Place {
                prefix: format!("{prefix}{spelling}{day}/"),
                alone: false,
            })
        });
        let bare = self.bare.iter().map(|prefix| Place {
            prefix: prefix.clone(),
            alone: day_of(prefix).is_none(),
        });
        parted.chain(bare).collect()
    }

    /// Whether there are more prefixes than were looked at.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }
}

/// How a prefix of one day spells `eventDay=`; `None` for other prefixes.
fn day_of(prefix: &str) -> Option<String> {
    let last = prefix.strip_suffix('/')?.rsplit('/').next()?;
    let (name, day) = last.split_once('=')?;
    let is_day = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    (is_day && name.eq_ignore_ascii_case("eventDay")).then(|| format!("{name}="))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_listed_by_name_and_the_newest_first() {
        let mut tree = Tree::default();
        let account = "aws/WAF/2.0/region=eu-west-1/accountId=1/";
        let below = ["20260301/", "20260302/"].map(|day| format!("{account}eventday={day}"));
        assert_eq!(tree.add(account.to_owned(), below.to_vec(), false), [""; 0]);
        let top = tree.add("".to_owned(), vec!["aws/".to_owned()], true);
        assert_eq!(top, ["aws/"]);
        let days = ["2026-03-03", "2026-03-02"].map(|day| day.parse().unwrap());
        let places: Vec<_> = tree.places(&days).into_iter().collect();
        let prefixes: Vec<&str> = places.iter().map(|place| &*place.prefix).collect();
        let day = |day| format!("{account}eventday={day}/");
        assert_eq!(prefixes, [&*day("20260303"), &*day("20260302"), ""]);
        assert!(places[2].alone && !places[0].alone);
    }

    #[test]
    fn a_source_that_is_pointed_at_one_day_lists_it() {
        let mut tree = Tree::default();
        let day = "x/eventDay=20260301/";
        tree.add(day.to_owned(), Vec::new(), true);
        let place = Place {
            prefix: day.to_owned(),
            alone: false,
        };
        assert_eq!(tree.places(&[]), [place]);
    }

    proptest! {
        #[test]
        fn no_prefix_makes_the_reader_panic(prefix in ".{0,40}") {
            if let Some(spelling) = day_of(&prefix) {
                prop_assert!(prefix.contains(&spelling));
            }
        }
    }
}
