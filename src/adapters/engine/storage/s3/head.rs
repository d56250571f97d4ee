//! What an object is like that nothing listed: its size and the mark of its state, asked for with its
//! first byte. That takes no other right than reading it does.

use std::time::SystemTime;

use super::S3Store;
use super::fault::{ReadFault, Setback, of_get, storage};
use super::pace::{FIRST_PAUSE, TRIES};
use super::place::S3Object;
use crate::adapters::aws::{content_range, pause};

impl S3Store {
    /// The object of this name, as it is now.
    pub(crate) async fn head(&self, bucket: &str, key: &str) -> Result<S3Object, ReadFault> {
        let mut object = S3Object {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            etag: None,
            version: None,
            size: 0,
            modified: SystemTime::UNIX_EPOCH,
        };
        let mut tries = 0;
        loop {
            let turn = self.turn().await;
            let answer = self
                .client(bucket)
                .get_object()
                .bucket(bucket)
                .key(key)
                .range("bytes=0-0")
                .send()
                .await;
            drop(turn);
            let error = match answer {
                Ok(answer) => {
                    let told = answer.content_range().and_then(content_range);
                    object.size = match told {
                        Some((_, size)) => size,
                        // An object without a byte has no range.
                        _ => answer
                            .content_length()
                            .and_then(|length| u64::try_from(length).ok())
                            .unwrap_or(0),
                    };
                    object.etag = answer.e_tag().map(str::to_owned);
                    // Without versions a store tells `null`, or nothing.
                    let version = answer.version_id().filter(|version| *version != "null");
                    object.version = version.map(str::to_owned);
                    return Ok(object);
                }
                Err(error) => error,
            };
            let status = error.raw_response().map(|answer| answer.status().as_u16());
            if status == Some(416) {
                return Ok(object);
            }
            let setback = match self.learns_region(bucket, &error) {
                true => Setback::Again(storage(format!("{object} lies in another Region"))),
                false => of_get(&self.access, &object, &error),
            };
            tries += 1;
            match setback {
                Setback::Final(fault) => return Err(fault),
                Setback::Again(error) if tries >= TRIES => return Err(error.into()),
                Setback::Again(_) => tokio::time::sleep(pause(FIRST_PAUSE, tries)).await,
            }
        }
    }
}
