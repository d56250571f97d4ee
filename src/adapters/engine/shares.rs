//! Work on many files, shared between threads.

/// The answers for many items, in their order, by as many threads as given, each with at least
/// `worth` items. `lost` stands for the answers of a thread that failed.
pub(super) fn in_shares<T: Sync, A: Clone + Send>(
    items: &[T],
    threads: usize,
    worth: usize,
    work: impl Fn(&T) -> A + Sync,
    lost: &A,
) -> Vec<A> {
    let threads = threads.min(items.len() / worth).max(1);
    if threads == 1 {
        return items.iter().map(work).collect();
    }
    let share = items.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = items
            .chunks(share)
            .map(|items| {
                let worker = scope.spawn(move || items.iter().map(work).collect());
                (items.len(), worker)
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|(count, worker)| {
                let answers: Result<Vec<A>, _> = worker.join();
                answers.unwrap_or_else(|_| vec![lost.clone(); count])
            })
            .collect()
    })
}
