//! The matcher of a lake with its rules and watches, which are read again when their files change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::adapters::engine::ObjectStore;
use crate::adapters::matching::{Book, Matcher, Reader, Watching, Watchlist, on_change};
use crate::app::rules::{LoadedRules, RuleFiles, RulesError};
use crate::config::{Feed, Paths};
use crate::domain::query::QueryError;
use crate::domain::sigma::About;
use crate::domain::standing::Condition;
use crate::ports::Clock;
use crate::sql::sigma::Unusable;

/// What is looked for in objects that arrive.
#[derive(Debug, Clone, Default)]
pub struct Looking {
    /// Files and folders of rules; none for the shipped rules and the user's own.
    pub rules: Vec<PathBuf>,
    /// Conditions of sources.
    pub conditions: Vec<Condition>,
    /// The name of the least severity of findings that are told; medium if `None`.
    pub findings: Option<String>,
}

/// Why objects cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum MatchingError {
    /// The rules that were named.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] QueryError),
}

/// A matcher that follows its files as long as it lives.
pub struct LiveMatcher {
    /// The matcher.
    pub matcher: Arc<Matcher>,
    /// How many rules and correlations it has.
    pub rules: usize,
    _watching: Option<Watching>,
}

impl LiveMatcher {
    /// Reads rules and watches, and follows them. What is wrong with a file is told by the matcher's
    /// notes, now and later.
    ///
    /// # Errors
    ///
    /// Paths of rules that lead nowhere; the engine.
    pub fn open(paths: &Paths, looking: Looking) -> Result<Self, MatchingError> {
        let conditions = looking.conditions;
        let mut empty = Book::default();
        if let Some(least) = looking.findings {
            empty.least = least;
        }
        let mut files = RuleFiles::new(looking.rules, paths.content_dir.clone());
        let watchlist = Watchlist::at(paths.watches_file());
        let loaded = files.read()?;
        let rules = loaded.files.len();
        let (book, notes) = book_of(loaded, &watchlist, &conditions, &empty);
        let matcher = Arc::new(Matcher::new(book)?);
        matcher.count_in(paths.counted_file());
        matcher.note(notes);
        let mut places = files.places();
        places.push(watchlist.path().to_owned());
        let follow = {
            let matcher = Arc::clone(&matcher);
            let files = Mutex::new(files);
            move || {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                match files.read() {
                    Ok(loaded) => {
                        let before = matcher.book();
                        let (book, notes) = book_of(loaded, &watchlist, &conditions, &before);
                        if book != before {
                            matcher.set_book(book);
                        }
                        matcher.note(notes);
                    }
                    Err(error) => matcher.note(vec![told("the rules", error.to_string())]),
                }
            }
        };
        let watching = match on_change(&places, follow) {
            Ok(watching) => Some(watching),
            Err(why) => {
                let why = format!("changes of them are not followed: {why}");
                matcher.note(vec![told("the rules", why)]);
                None
            }
        };
        Ok(Self {
            matcher,
            rules,
            _watching: watching,
        })
    }

    /// A reader that judges by it, on as many threads as the machine has but one.
    pub fn reader(&self, objects: ObjectStore, clock: Arc<dyn Clock>) -> Reader {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.saturating_sub(1).max(1);
        Reader::new(Arc::clone(&self.matcher), objects, threads, clock)
    }
}

/// The conditions that the configuration sets.
pub fn conditions_of(feed: &Feed) -> Vec<Condition> {
    let each = feed.conditions.iter();
    each.map(|(name, condition)| condition.named(name))
        .collect()
}

fn told(title: &str, why: String) -> Unusable {
    let about = About {
        id: title.to_owned(),
        title: title.to_owned(),
        ..About::default()
    };
    Unusable { about, why }
}

/// Everything that is looked for, of findings what was before. Watches that cannot be read stay as they were before.
fn book_of(
    loaded: LoadedRules,
    watchlist: &Watchlist,
    conditions: &[Condition],
    before: &Book,
) -> (Book, Vec<Unusable>) {
    let mut notes: Vec<Unusable> = loaded
        .faults
        .into_iter()
        .map(|(file, why)| told(&file, why))
        .collect();
    let watches = watchlist.read().unwrap_or_else(|error| {
        notes.push(told("watches", error.to_string()));
        before.watches.clone()
    });
    let book = Book {
        rules: loaded.set,
        watches,
        conditions: conditions.to_vec(),
        least: before.least.clone(),
        ..Book::default()
    };
    (book, notes)
}
