//! A queue's requests: receive, hide for longer, delete, and what waits.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    QueueAttributeName,
};
use serde_json::Value;

use crate::adapters::aws::{AwsAccess, Fault, again, fault_of, pause};
use crate::domain::lake::Backlog;
use crate::domain::query::QueryError;

/// Messages of one request: the most that SQS gives and takes.
pub(super) const BATCH: i32 = 10;

/// How often what could not be deleted is asked to be deleted.
const DELETE_TRIES: u32 = 5;

/// The first pause before it.
const DELETE_PAUSE: Duration = Duration::from_millis(100);

/// A queue with the access to it.
#[derive(Clone)]
pub(super) struct Queue {
    client: Client,
    access: AwsAccess,
    url: String,
}

/// Why a request was not granted.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) fault: Fault,
    pub(super) error: QueryError,
}

impl Refusal {
    /// In words, with what to do.
    pub(super) fn words(&self) -> String {
        match &self.error.hint {
            Some(hint) => format!("{}; {hint}", self.error.message),
            None => self.error.message.clone(),
        }
    }
}

/// What the attributes of a queue tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) backlog: Backlog,
    /// The ARN of the dead-letter queue.
    pub(super) dead_letters: Option<String>,
    /// Receives after which a message goes there.
    pub(super) most_receives: Option<u64>,
}

impl Queue {
    pub(super) fn new(access: AwsAccess, url: &str) -> Self {
        Self {
            client: access.sqs(),
            access,
            url: url.to_owned(),
        }
    }

    /// Waits for messages, at most so long, and hides them.
    pub(super) async fn receive(
        &self,
        wait: Duration,
        hidden: Duration,
    ) -> Result<Vec<Message>, Refusal> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(hidden))
            .send()
            .await;
        match answer {
            Ok(received) => Ok(received.messages.unwrap_or_default()),
            Err(error) => Err(Refusal {
                fault: fault_of(&error),
                error: self.access.fault("sqs:ReceiveMessage", &error),
            }),
        }
    }

    /// Hides messages for so long from now on. Best effort: what comes back is known by then, or
    /// comes again.
    pub(super) async fn hide(&self, receipts: &[String], hidden: Duration) {
        let entries = numbered(receipts).filter_map(|(id, receipt)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(id)
                .receipt_handle(receipt)
                .visibility_timeout(seconds(hidden))
                .build()
                .ok()
        });
        let answer = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries.collect()))
            .send()
            .await;
        if let Err(error) = answer {
            let error = self.access.fault("sqs:ChangeMessageVisibility", &error);
            tracing::warn!(%error, "messages are not hidden for longer");
        }
    }

    /// Deletes messages; those that SQS did not delete are asked for again. What is left in the end
    /// comes again and is known then.
    pub(super) async fn delete(&self, receipts: Vec<String>) -> Result<(), Refusal> {
        let mut left = receipts;
        let mut tries = 0;
        while !left.is_empty() {
            tries += 1;
            let entries = numbered(&left).filter_map(|(id, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(id)
                    .receipt_handle(receipt)
                    .build()
                    .ok()
            });
            let answer = self
                .client
                .delete_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.collect()))
                .send()
                .await;
            let refusal = match answer {
                Ok(told) => {
                    // What is not named as deleted is not deleted: an answer may break off.
                    let done: Vec<usize> = told
                        .successful
                        .iter()
                        .filter_map(|entry| entry.id.parse().ok())
                        .collect();
                    // What the sender is to blame for is no better the next time.
                    let lost: Vec<usize> = told
                        .failed
                        .iter()
                        .filter(|entry| entry.sender_fault)
                        .filter_map(|entry| entry.id.parse().ok())
                        .collect();
                    let mut at = 0;
                    left.retain(|_| {
                        at += 1;
                        !done.contains(&(at - 1)) && !lost.contains(&(at - 1))
                    });
                    None
                }
                Err(error) => Some(Refusal {
                    fault: fault_of(&error),
                    error: self.access.fault("sqs:DeleteMessage", &error),
                }),
            };
            if left.is_empty() {
                break;
            }
            match refusal {
                Some(refusal) if tries >= DELETE_TRIES || !refusal.fault.may_pass() => {
                    return Err(refusal);
                }
                None if tries >= DELETE_TRIES => break,
                _ => tokio::time::sleep(pause(DELETE_PAUSE, tries)).await,
            }
        }
        Ok(())
    }

    /// What waits, and where the dead letters are.
    pub(super) async fn attributes(&self) -> Result<Attributes, Refusal> {
        let ask = || {
            self.client
                .get_queue_attributes()
                .queue_url(&self.url)
                .attribute_names(QueueAttributeName::All)
                .send()
        };
        match again(ask).await {
            Ok(told) => {
                let told = told.attributes.unwrap_or_default();
                Ok(Attributes::read(&told))
            }
            Err(error) => Err(Refusal {
                fault: fault_of(&error),
                error: self.access.fault("sqs:GetQueueAttributes", &error),
            }),
        }
    }

    /// The queue of an ARN, in the same Region.
    pub(super) async fn by_arn(&self, arn: &str) -> Result<Self, Refusal> {
        let mut parts = arn.rsplit(':');
        let (name, account) = (parts.next(), parts.next());
        let ask = || {
            self.client
                .get_queue_url()
                .set_queue_name(name.map(str::to_owned))
                .set_queue_owner_aws_account_id(account.map(str::to_owned))
                .send()
        };
        match again(ask).await {
            Ok(told) => Ok(Self {
                url: told.queue_url.unwrap_or_default(),
                ..self.clone()
            }),
            Err(error) => Err(Refusal {
                fault: fault_of(&error),
                error: self.access.fault("sqs:GetQueueUrl", &error),
            }),
        }
    }
}

impl Attributes {
    fn read(told: &HashMap<QueueAttributeName, String>) -> Self {
        let count = |name| told.get(&name).and_then(|text| text.parse().ok());
        let policy = told.get(&QueueAttributeName::RedrivePolicy);
        let policy: Value = policy
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let most = policy.get("maxReceiveCount");
        let as_text = |most: &Value| most.as_str()?.parse().ok();
        Self {
            backlog: Backlog {
                waiting: count(QueueAttributeName::ApproximateNumberOfMessages).unwrap_or(0),
                in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
                    .unwrap_or(0),
                dead: None,
            },
            dead_letters: policy
                .get("deadLetterTargetArn")
                .and_then(Value::as_str)
                .map(str::to_owned),
            most_receives: most.and_then(|most| most.as_u64().or_else(|| as_text(most))),
        }
    }
}

fn numbered(receipts: &[String]) -> impl Iterator<Item = (String, String)> {
    let each = receipts.iter().enumerate();
    each.map(|(at, receipt)| (at.to_string(), receipt.clone()))
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_redrive_policy_names_the_dead_letters_with_a_count_as_number_or_text() {
        for most in ["3", "\"3\""] {
            let policy = format!(
                r#"{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:dead","maxReceiveCount":{most}}}"#
            );
            let told = HashMap::from([
                (QueueAttributeName::RedrivePolicy, policy),
                (
                    QueueAttributeName::ApproximateNumberOfMessages,
                    "7".to_owned(),
                ),
            ]);
            let read = Attributes::read(&told);
            assert_eq!(
                read.dead_letters.as_deref(),
                Some("arn:aws:sqs:us-east-1:1:dead")
            );
            assert_eq!((read.most_receives, read.backlog.waiting), (Some(3), 7));
        }
        let odd = HashMap::from([(QueueAttributeName::RedrivePolicy, "[1".to_owned())]);
        assert_eq!(Attributes::read(&odd), Attributes::default());
    }
}
