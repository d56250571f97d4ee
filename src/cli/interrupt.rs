//! Ctrl-C and termination: the work is cancelled and given a moment to tidy up; a second Ctrl-C,
//! or work that hangs (a pipe that nobody reads), ends the process at once.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::stop::Stop;
use crate::ports::RunControl;

/// How long a query that was asked to stop may take to confirm it.
const CONFIRM: Duration = Duration::from_millis(1_500);

/// How long the process may take from an interruption to its end.
const GRACE: Duration = Duration::from_secs(2);

/// The exit code of an interrupted process.
const INTERRUPTED: i32 = 130;

/// Runs the work on this thread until it is done or the user interrupts it. Dropping the work
/// cancels it: a half-written file goes away.
pub(super) fn run_until_interrupted<T>(
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    run(work, None)
}

/// The same for a query, which is first asked to stop and given a moment to confirm it: it may run
/// elsewhere, where dropping it would only let go of it.
pub(super) fn run_query<T, F>(work: impl FnOnce(RunControl) -> F) -> Result<T, Stop>
where
    F: Future<Output = Result<T, Stop>>,
{
    let control = RunControl::default();
    run(work(control.clone()), Some(&control))
}

fn run<T>(
    work: impl Future<Output = Result<T, Stop>>,
    query: Option<&RunControl>,
) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::failed(format_args!("cannot start: {error}")))?;
    let token = watch()?;
    let result = runtime.block_on(async {
        tokio::pin!(work);
        tokio::select! {
            result = &mut work => result,
            () = token.cancelled() => {
                if let Some(control) = query {
                    control.stop();
                    let _ = tokio::time::timeout(CONFIRM, &mut work).await;
                }
                Err(Stop::Interrupted)
            }
        }
    });
    // Blocking work that was let go must not hold up the end.
    runtime.shutdown_background();
    result
}

/// A token that an interruption cancels. The signals are awaited on a thread of their own, so that
/// they are heard while this one waits in a write.
fn watch() -> Result<CancellationToken, Stop> {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::failed(format_args!("cannot start: {error}")))?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                interruption().await;
                cancel.cancel();
                tokio::select! {
                    () = tokio::time::sleep(GRACE) => {}
                    () = interruption() => {}
                }
                std::process::exit(INTERRUPTED);
            });
        })
        .map_err(|error| Stop::failed(format_args!("cannot start a thread: {error}")))?;
    Ok(token)
}

#[cfg(unix)]
async fn interruption() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn interruption() {
    let _ = tokio::signal::ctrl_c().await;
}
