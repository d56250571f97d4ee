//! How many requests a second are taken.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// A bucket of tokens that fills evenly; full, it holds those of one second.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    bucket: Mutex<(f64, Instant)>,
}

impl Rate {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self {
            per_second,
            bucket: Mutex::new((per_second, Instant::now())),
        }
    }

    /// Takes a token, or says after how many seconds there is one.
    pub(super) fn take(&self) -> Result<(), u64> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let since = now.duration_since(bucket.1).as_secs_f64();
        let tokens = (bucket.0 + since * self.per_second).min(self.per_second);
        if tokens < 1.0 {
            *bucket = (tokens, now);
            // One token comes within a second: there is at least one a second.
            return Err(1);
        }
        *bucket = (tokens - 1.0, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_s_worth_is_taken_at_once_and_then_as_it_comes() {
        let rate = Rate::new(4);
        assert!((0..4).all(|_| rate.take().is_ok()));
        assert_eq!(rate.take(), Err(1));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert!((0..2).all(|_| rate.take().is_ok()));
        assert_eq!(rate.take(), Err(1));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..9).filter(|_| rate.take().is_ok()).count(), 4);
    }
}
