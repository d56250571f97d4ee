//! What of a folder is told: first what is there, then what is reported.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use chrono::Utc;
use tokio::sync::mpsc;

use super::FolderSource;
use super::arrivals::{
    FileMark, FileState, NOTIFICATIONS, appeared, count_events, delivered, is_notification,
    is_object, notification_files, objects, of_no_notification, there, told_by,
};
use super::reports::{Look, Next, Reports, TELLS_OF_CLOSING};
use crate::adapters::feed::tally::Tally;
use crate::domain::lake::{Arrival, Notification};
use crate::ports::{FeedNews, InboxError};

/// Notifications of one commit.
const TOGETHER: usize = 64;

/// Nobody listens any more.
pub(super) struct Unheard;

/// Why following ended.
pub(super) enum End {
    /// Nobody listens, or everything was told that was to be told.
    Done,
    /// Something that may be mended.
    Failed(String),
}

impl From<Unheard> for End {
    fn from(_: Unheard) -> Self {
        Self::Done
    }
}

impl From<String> for End {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// Follows a folder. Lives longer than a watch of it: what it has told it does not tell again.
pub(super) struct Follower<'a> {
    source: &'a FolderSource,
    desk: Desk<'a>,
    /// The files that were told, or are not to be.
    told: HashSet<FileMark>,
    /// Those of them that are not written down yet.
    fresh: Vec<FileMark>,
    /// Files that were there and could not be read: half of a file, or a damaged one.
    unfinished: BTreeSet<PathBuf>,
    /// Whether what was there at the start was told.
    began: bool,
}

impl<'a> Follower<'a> {
    pub(super) fn new(source: &'a FolderSource, sender: &'a mpsc::Sender<FeedNews>) -> Self {
        Self {
            source,
            desk: Desk {
                source,
                tally: Tally::new(&source.name),
                sender,
            },
            told: HashSet::new(),
            fresh: Vec::new(),
            unfinished: BTreeSet::new(),
            began: false,
        }
    }

    /// Watches the folder and tells until nobody listens or it cannot go on. After a failure it may be
    /// asked again, and tells what has come since.
    pub(super) fn follow(&mut self) -> End {
        let Err(end) = self.go();
        end
    }

    fn go(&mut self) -> Result<std::convert::Infallible, End> {
        let lake = self.source.lake.clone();
        let mut reports = Reports::of(&lake, self.source.reports)?;
        self.desk.tally.well();
        self.desk.say()?;
        if self.began {
            self.search(&lake)?;
        } else {
            self.begin(&lake)?;
            self.began = true;
        }
        self.desk.say()?;
        if self.source.once {
            return Err(End::Done);
        }
        loop {
            let wait = (!self.unfinished.is_empty()).then_some(self.source.quiet);
            match reports.next(TOGETHER, wait)? {
                Next::Looks(looks) => self.look(&looks, &mut reports)?,
                Next::Quiet => self.give_up_on_the_unfinished()?,
                Next::End => return Err(End::Failed("it is not watched any more".to_owned())),
            }
        }
    }

    /// Says that it does not watch any more, and why; whether anybody listens.
    pub(super) fn failed(&mut self, reason: String) -> bool {
        let is_news = self.desk.tally.failed(reason, Utc::now());
        match is_news {
            true => self.desk.say().is_ok(),
            false => !self.desk.sender.is_closed(),
        }
    }

    /// Tells the newest objects that are there. At the first start over a folder the older ones are
    /// passed over for good; later ones tell of them what is not in the inbox, because it appeared
    /// while nobody watched.
    fn begin(&mut self, lake: &Path) -> Result<(), End> {
        for file in notification_files(lake) {
            self.told.insert(FileState::now(&file).mark);
        }
        let mut older = objects(lake, lake);
        let newest = older.split_off(older.len().saturating_sub(self.source.at_start));
        let most = if older.is_empty() {
            self.source.at_start
        } else {
            usize::MAX
        };
        let delivered = delivered(lake, most);
        let inbox = self.source.inbox.as_ref().map(Arc::clone);
        let mark = format!("followed {}", self.source.in_the_inbox());
        let is_first = match &inbox {
            Some(inbox) => wait(inbox.mark(&mark))?.is_none(),
            None => true,
        };
        for chunk in older.chunks(TOGETHER) {
            let arrivals = self.untold(lake, chunk, &delivered);
            match &inbox {
                Some(_) if !is_first => self.hand_over(arrivals, false)?,
                Some(inbox) => {
                    let passed = arrivals.into_iter().map(|arrival| arrival.notification);
                    wait(inbox.pass_over(passed.collect()))?;
                }
                None => {}
            }
        }
        // From here on a start that is cut off is gone on with by the next one.
        if let Some(inbox) = inbox.filter(|_| is_first) {
            wait(inbox.set_mark(&mark, "yes"))?;
        }
        for chunk in newest.chunks(TOGETHER) {
            let arrivals = self.untold(lake, chunk, &delivered);
            self.hand_over(arrivals, true)?;
        }
        Ok(())
    }

    /// The objects that were there and were not told.
    fn untold(
        &mut self,
        lake: &Path,
        objects: &[PathBuf],
        delivered: &HashMap<String, Notification>,
    ) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for path in objects {
            let state = FileState::now(path);
            if !self.tells(state.mark) {
                continue;
            }
            let mut arrival = there(lake, path, &state);
            if let Some(notification) = delivered.get(&arrival.notification.key.key) {
                arrival.notification = notification.clone();
            }
            arrivals.push(arrival);
        }
        arrivals
    }

    /// Marks a file as told; whether it was not.
    fn tells(&mut self, mark: FileMark) -> bool {
        let is_new = self.told.insert(mark);
        if is_new {
            self.fresh.push(mark);
        }
        is_new
    }

    /// Writes arrivals down and tells them. What cannot be written down counts as not told.
    fn hand_over(&mut self, arrivals: Vec<Arrival>, at_start: bool) -> Result<(), End> {
        let fresh = std::mem::take(&mut self.fresh);
        if arrivals.is_empty() {
            return Ok(());
        }
        let taken = self.desk.take(arrivals, at_start);
        if taken.is_err() {
            for mark in &fresh {
                self.told.remove(mark);
            }
        }
        taken?;
        // At the start there are many, and how it is matters when all are told.
        match at_start {
            true => Ok(()),
            false => Ok(self.desk.say()?),
        }
    }

    /// Looks at what is reported.
    fn look(&mut self, looks: &[Look], reports: &mut Reports) -> Result<(), End> {
        let lake = self.source.lake.clone();
        let mut arrivals = Vec::new();
        for look in looks {
            match look {
                Look::Whole(path) => arrivals.extend(self.at(path, true)),
                Look::Perhaps(path) => {
                    arrivals.extend(self.at(path, false));
                    if TELLS_OF_CLOSING {
                        // Its end will be reported.
                        self.unfinished.remove(path);
                    }
                }
                // A folder that is gone again has nothing to tell.
                Look::Folder(folder) => {
                    self.hand_over(std::mem::take(&mut arrivals), false)?;
                    if reports.watch(folder).is_ok() {
                        self.search(folder)?;
                    }
                }
                Look::Everything => {
                    self.hand_over(std::mem::take(&mut arrivals), false)?;
                    reports.watch(&lake)?;
                    self.search(&lake)?;
                }
            }
        }
        self.hand_over(arrivals, false)
    }

    /// Tells what is at and below a folder and was not told.
    fn search(&mut self, folder: &Path) -> Result<(), End> {
        let lake = self.source.lake.clone();
        let mut files = objects(&lake, folder);
        if lake.join(NOTIFICATIONS).starts_with(folder) {
            files.splice(..0, notification_files(&lake));
        }
        for chunk in files.chunks(TOGETHER) {
            let arrivals: Vec<Arrival> =
                chunk.iter().flat_map(|path| self.at(path, false)).collect();
            self.hand_over(arrivals, false)?;
        }
        Ok(())
    }

    /// Tells files that cannot be read, and that nobody has written to for a while.
    fn give_up_on_the_unfinished(&mut self) -> Result<(), End> {
        let quiet = self.source.quiet;
        let is_left = |path: &PathBuf| {
            let written = path.metadata().and_then(|data| data.modified());
            written.is_ok_and(|written| {
                SystemTime::now()
                    .duration_since(written)
                    .is_ok_and(|since| since >= quiet)
            })
        };
        self.unfinished.retain(|path| path.is_file());
        let left: Vec<PathBuf> = self
            .unfinished
            .iter()
            .filter(|p| is_left(p))
            .cloned()
            .collect();
        let arrivals: Vec<Arrival> = left.iter().flat_map(|path| self.at(path, true)).collect();
        self.hand_over(arrivals, false)
    }

    /// What a file tells that was not told. One that cannot be read is told where it is `whole`, and
    /// remembered as unfinished where it may not be.
    fn at(&mut self, path: &Path, whole: bool) -> Vec<Arrival> {
        let lake = &self.source.lake;
        let is_object = is_object(lake, path);
        if !is_notification(path) && !is_object {
            return Vec::new();
        }
        let state = FileState::now(path);
        if self.told.contains(&state.mark) {
            return Vec::new();
        }
        let now = Utc::now();
        let arrivals = if is_object {
            if lake.join(NOTIFICATIONS).is_dir() {
                // Where notification files are dropped, they tell of the object.
                return Vec::new();
            }
            let arrival = appeared(lake, path, &state, now);
            match &arrival.events {
                Some(Err(_)) if !whole => None,
                _ => Some(vec![arrival]),
            }
        } else {
            match told_by(lake, path, now) {
                Ok(arrivals) => {
                    let objects = arrivals.iter().filter_map(|arrival| arrival.path.as_ref());
                    let marks: Vec<FileMark> =
                        objects.map(|path| FileState::now(path).mark).collect();
                    for mark in marks {
                        self.tells(mark);
                    }
                    Some(arrivals)
                }
                Err(_) if !whole => None,
                Err(why) => Some(vec![of_no_notification(lake, path, why, now)]),
            }
        };
        match arrivals {
            Some(arrivals) => {
                self.unfinished.remove(path);
                self.tells(state.mark);
                arrivals
            }
            None => {
                self.unfinished.insert(path.to_owned());
                Vec::new()
            }
        }
    }
}

/// Waits for the inbox: the thread is the source's own.
fn wait<T>(answer: impl Future<Output = Result<T, InboxError>>) -> Result<T, String> {
    futures::executor::block_on(answer).map_err(|error| error.to_string())
}

/// Where arrivals are written down, counted and told.
struct Desk<'a> {
    source: &'a FolderSource,
    tally: Tally,
    sender: &'a mpsc::Sender<FeedNews>,
}

impl Desk<'_> {
    /// Writes arrivals down and tells those that are to be told.
    fn take(&mut self, mut arrivals: Vec<Arrival>, at_start: bool) -> Result<(), End> {
        // What nobody hears of must not be known: it is told at the next start.
        if self.sender.is_closed() {
            return Err(End::Done);
        }
        let sent: Vec<Notification> = arrivals.iter().map(|a| a.notification.clone()).collect();
        let brought = sent.len();
        let new = match &self.source.inbox {
            Some(inbox) => {
                let source = self.source.in_the_inbox();
                wait(inbox.receive(&source, sent))?
            }
            None => sent,
        };
        self.tally.took(brought, &new, Utc::now());
        if self.source.inbox.is_some() && !(at_start && self.source.known_too) {
            let new: HashSet<_> = new.iter().map(Notification::identity).collect();
            arrivals.retain(|arrival| new.contains(&arrival.notification.identity()));
        }
        if arrivals.is_empty() {
            return Ok(());
        }
        // Of what is not told nobody wants to know how much it is.
        for arrival in &mut arrivals {
            if let (None, Some(path)) = (&arrival.events, &arrival.path) {
                arrival.events = Some(count_events(path));
            }
        }
        let arrived = FeedNews::Arrived(arrivals);
        Ok(self.sender.blocking_send(arrived).map_err(|_| Unheard)?)
    }

    /// Tells how it is.
    fn say(&mut self) -> Result<(), Unheard> {
        let news = self.tally.news(Utc::now());
        self.sender.blocking_send(news).map_err(|_| Unheard)
    }
}
