//! Asking again where an answer broke off. The SDK tries again what the service refused for a moment
//! and what never reached it; an answer that ends in its middle it hands on as an error.

use std::time::Duration;

use aws_sdk_sts::error::SdkError;

use super::faults::{ServiceFault, fault_of};

/// How often a request is sent, each time with the SDK's own attempts.
const TRIES: u32 = 3;

/// The pause before the second time; twice as long before the third.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends a request that changes nothing, until it is answered, refused for good, or sent often
/// enough.
///
/// # Errors
///
/// The last answer's.
pub async fn again<T, E: ServiceFault, F>(
    mut send: impl FnMut() -> F + Send,
) -> Result<T, SdkError<E>>
where
    F: Future<Output = Result<T, SdkError<E>>> + Send,
{
    let mut tries = 1;
    loop {
        match send().await {
            Err(error) if fault_of(&error).may_pass() && tries < TRIES => {
                tokio::time::sleep(PAUSE * tries).await;
                tries += 1;
            }
            answered => return answered,
        }
    }
}
