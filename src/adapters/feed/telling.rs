//! Work of a source's own that tells news.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the tasks of sources, which end with the stream of their news"
)]

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::ports::FeedNews;

/// News that wait for the reader before the work waits too.
const WAITING: usize = 64;

/// Where the work puts its news. The reader is gone when a send fails: then the work ends.
pub(super) type Teller = mpsc::Sender<FeedNews>;

/// The news of a piece of work. It begins when the first news is asked for, goes on while nobody
/// asks until enough news wait, and is stopped when the stream is dropped.
pub(super) fn telling<F>(
    work: impl FnOnce(Teller) -> F + Send + 'static,
) -> BoxStream<'static, FeedNews>
where
    F: Future<Output = ()> + Send + 'static,
{
    let begin = async move {
        let (teller, news) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        tasks.spawn(work(teller));
        stream::unfold((news, tasks), |(mut news, tasks)| async move {
            let next = news.recv().await?;
            Some((next, (news, tasks)))
        })
    };
    stream::once(begin).flatten().boxed()
}
