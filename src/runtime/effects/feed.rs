//! News of notification sources as events, with a switch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::detection::Reading;
use crate::ports::{FeedNews, NotificationSource};
use crate::store::event::Event;
use crate::store::queue::QueueNews;

/// The loop has ended.
pub(super) struct Ended;

/// Those who wait until everything that was found in objects is kept, by their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptDesk(Arc<Mutex<Asking>>);

#[derive(Debug, Default)]
struct Asking {
    /// The last number that was given.
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<()>>,
}

impl KeptDesk {
    /// A number to ask by, and its answer.
    fn ask(&self) -> (u64, oneshot::Receiver<()>) {
        let (answer, answered) = oneshot::channel();
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.last += 1;
        let number = desk.last;
        desk.waiting.insert(number, answer);
        (number, answered)
    }

    /// Tells who asked by this number.
    pub(super) fn answer(&self, number: u64) {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = desk.waiting.remove(&number) {
            // Who does not wait any more has been switched off.
            let _ = answer.send(());
        }
    }
}

/// Hands everything on that a source tells, until it ends. After a reading with something in it more
/// is asked for when the queue has that on its disk: the source then counts the object as done.
pub(super) async fn listen(
    mut news: BoxStream<'static, FeedNews>,
    answers: mpsc::Sender<Event>,
    kept: KeptDesk,
) -> Result<(), Ended> {
    while let Some(news) = news.next().await {
        let finds = matches!(&news, FeedNews::Read(readings) if readings.iter().any(has_finds));
        let event = match news {
            FeedNews::Arrived(arrivals) => Event::Arrived(arrivals),
            FeedNews::State(state) => Event::Source(state),
            FeedNews::Read(readings) => Event::Read(readings),
        };
        answers.send(event).await.map_err(|_| Ended)?;
        if finds {
            let (number, answered) = kept.ask();
            let ask = Event::Queue(QueueNews::IsKept(number));
            answers.send(ask).await.map_err(|_| Ended)?;
            answered.await.map_err(|_| Ended)?;
        }
    }
    Ok(())
}

fn has_finds(reading: &Reading) -> bool {
    let contents = reading.outcome.as_ref();
    contents.is_ok_and(|contents| !contents.detections.is_empty())
}

/// The same while the switch is on. Switched off, the source is dropped; switched on again it begins
/// anew, and what it told before is known.
pub(super) async fn listen_switched(
    source: Arc<dyn NotificationSource>,
    mut is_on: watch::Receiver<bool>,
    answers: mpsc::Sender<Event>,
    kept: KeptDesk,
) {
    loop {
        if *is_on.borrow_and_update() {
            let listening = listen(source.watch(), answers.clone(), kept.clone());
            tokio::select! {
                ended = listening => {
                    if ended.is_err() {
                        return;
                    }
                    // A source that ended by itself begins again when it is switched.
                    if is_on.changed().await.is_err() {
                        return;
                    }
                }
                changed = is_on.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        } else if is_on.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::SourceNews;

    /// Tells how often it was begun, and goes on for ever.
    struct Counting(std::sync::atomic::AtomicU64);

    impl NotificationSource for Counting {
        fn name(&self) -> &str {
            "counting"
        }

        fn watch(&self) -> BoxStream<'static, FeedNews> {
            let begun = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            let news = SourceNews {
                received: begun,
                ..SourceNews::watching("counting")
            };
            futures::stream::once(async { FeedNews::State(news) })
                .chain(futures::stream::pending())
                .boxed()
        }
    }

    #[tokio::test]
    async fn a_source_begins_anew_when_it_is_switched_on_again() {
        let (answers, mut told) = mpsc::channel(1);
        let (switch, is_on) = watch::channel(true);
        let source = Arc::new(Counting(Default::default()));
        let switching = async {
            for begun in 1..=3 {
                let Some(Event::Source(news)) = told.recv().await else {
                    panic!("the source says how it is");
                };
                assert_eq!(news.received, begun);
                switch.send_replace(false);
                switch.send_replace(true);
            }
            drop(switch);
        };
        tokio::join!(
            listen_switched(source, is_on, answers, KeptDesk::default()),
            switching
        );
    }
}
