//! What the SDK's errors mean: kind, words of a person's, what to do next.

use std::error::Error;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use crate::domain::query::{QueryError, QueryErrorKind};

/// An error of any service of the SDK.
pub trait ServiceFault: Error + ProvideErrorMetadata + Send + Sync + 'static {}

impl<E: Error + ProvideErrorMetadata + Send + Sync + 'static> ServiceFault for E {}

/// What went wrong between here and the service, as far as what follows from it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Credentials are missing, wrong or expired.
    Credentials,
    /// Rights are missing.
    Denied,
    /// Too many requests, or too many at work: the same may succeed later.
    Busy,
    /// The service answered that it failed itself: the same may succeed later.
    Failing,
    /// No answer came: whether the request was carried out is not known.
    NoAnswer,
    /// What was named does not exist.
    Missing,
    /// The request is wrong, and stays wrong.
    Refused,
}

impl Fault {
    /// Whether the same request may succeed when it is sent again.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Busy | Self::Failing | Self::NoAnswer)
    }
}

/// Codes of credentials that are missing, wrong or expired.
const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "AuthFailure",
];

/// Codes of missing rights.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AllAccessDisabled",
    "Forbidden",
    "403",
];

/// Codes of too many requests.
const BUSY: &[&str] = &[
    "TooManyRequestsException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
    "OverLimit",
];

/// Codes of what does not exist.
const MISSING: &[&str] = &[
    "NoSuchKey",
    "NoSuchBucket",
    "NotFound",
    "EntityNotFoundException",
    "MetadataException",
    "ResourceNotFoundException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
];

/// Words of the SDK's own where it found no credentials to sign with.
const UNSIGNED: &[&str] = &["credential", "sso", "identity", "token has expired"];

/// What kind of fault it is.
pub fn fault_of<E: ServiceFault>(error: &SdkError<E>) -> Fault {
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or_default();
            let status = context.raw().status().as_u16();
            by_code(code).unwrap_or(by_status(status))
        }
        SdkError::ResponseError(context) => by_status(context.raw().status().as_u16()),
        SdkError::TimeoutError(_) => Fault::NoAnswer,
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            let words = chain(error);
            if role_refusal(&words).is_some() {
                return Fault::Denied;
            }
            let words = words.to_lowercase();
            if UNSIGNED.iter().any(|word| words.contains(word)) {
                Fault::Credentials
            } else {
                Fault::NoAnswer
            }
        }
        _ => Fault::NoAnswer,
    }
}

fn by_code(code: &str) -> Option<Fault> {
    let is = |codes: &[&str]| codes.contains(&code);
    if is(CREDENTIALS) {
        Some(Fault::Credentials)
    } else if is(DENIED) {
        Some(Fault::Denied)
    } else if is(BUSY) {
        Some(Fault::Busy)
    } else if is(MISSING) {
        Some(Fault::Missing)
    } else {
        None
    }
}

fn by_status(status: u16) -> Fault {
    match status {
        401 | 403 => Fault::Denied,
        404 => Fault::Missing,
        408 | 425 => Fault::Failing,
        429 => Fault::Busy,
        // What was answered cannot be read.
        200..300 => Fault::NoAnswer,
        500.. => Fault::Failing,
        _ => Fault::Refused,
    }
}

/// Says what an error means. `action` is the permission's name, such as
/// `athena:StartQueryExecution`; it is what a refusal names.
pub fn explain<E: ServiceFault>(action: &str, error: &SdkError<E>) -> QueryError {
    let told = told_by(error);
    if let (true, Some(refused)) = (error.as_service_error().is_none(), role_refusal(&told)) {
        return refused;
    }
    match fault_of(error) {
        Fault::Credentials => {
            let mut explained = explain_credentials(&told);
            explained.message = format!("{} ({action})", explained.message);
            explained
        }
        Fault::Denied => QueryError::new(
            QueryErrorKind::Denied,
            format!("AWS refused {action}: {told}"),
        )
        .with_hint(format!(
            "the role or user needs the permission `{action}` on this resource; a Lake Formation grant or a bucket or key policy may be missing too"
        )),
        Fault::Busy => QueryError::new(
            QueryErrorKind::Busy,
            format!("AWS takes no more requests for {action} now: {told}"),
        )
        .with_hint("wait a moment and try again"),
        Fault::Failing => QueryError::new(
            QueryErrorKind::Storage,
            format!("AWS failed at {action}: {told}"),
        )
        .with_hint("try again; the AWS Health Dashboard tells of outages"),
        Fault::NoAnswer => QueryError::new(
            QueryErrorKind::Storage,
            format!("no answer from AWS to {action}: {told}"),
        )
        .with_hint("check the network, the Region and a proxy, then try again"),
        Fault::Missing => QueryError::new(
            QueryErrorKind::UnknownName,
            format!("AWS knows nothing of what {action} asks for: {told}"),
        ),
        Fault::Refused => {
            QueryError::new(QueryErrorKind::Refused, format!("AWS refused {action}: {told}"))
        }
    }
}

/// The failure of credentials that the provider chain did not give.
pub(super) fn explain_credentials(told: &str) -> QueryError {
    if let Some(refused) = role_refusal(told) {
        return refused;
    }
    QueryError::new(
        QueryErrorKind::Credentials,
        format!("the AWS credentials are missing, wrong or expired: {told}"),
    )
    .with_hint("renew the credentials of the profile, then run it again")
}

/// Says that the profile's role may not be assumed, where that is what the SDK's words tell: it signs
/// nothing then, and its error is one about credentials, which renewing does not mend.
fn role_refusal(words: &str) -> Option<QueryError> {
    let refused = words.contains("AccessDenied") && words.contains("sts:AssumeRole");
    refused.then(|| {
        // The SDK shows STS's error as Rust shows a value.
        let message = words
            .split_once("message: \"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map_or(words, |(message, _)| message);
        QueryError::new(
            QueryErrorKind::Denied,
            format!("AWS refused sts:AssumeRole: AccessDenied: {message}"),
        )
        .with_hint(
            "compare `external_id` with the one that the role's trust policy asks for, see that the trust \
             policy names the caller, and that the caller may `sts:AssumeRole` on the role",
        )
    })
}

/// The service's code and message, or what the SDK says below its own heading.
fn told_by<E: ServiceFault>(error: &SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(context) => {
            let fault = context.err();
            match (fault.code(), fault.message()) {
                (Some(code), Some(message)) => format!("{code}: {message}"),
                (Some(code), None) => code.to_owned(),
                (None, Some(message)) => message.to_owned(),
                (None, None) => format!("HTTP {}", context.raw().status().as_u16()),
            }
        }
        _ => chain(error),
    }
}

/// An error and what lies below it, in one line.
pub fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        text = format!("{text}: {below}");
        source = below.source();
    }
    text
}

/// What lies below an error, in one line; the error's own words where nothing does.
fn chain(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(below) = source {
        let text = below.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        source = below.source();
    }
    if parts.is_empty() {
        error.to_string()
    } else {
        parts.join(": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_lead_to_their_next_step() {
        for (code, fault) in [
            ("ExpiredTokenException", Fault::Credentials),
            ("AccessDenied", Fault::Denied),
            ("TooManyRequestsException", Fault::Busy),
            ("SlowDown", Fault::Busy),
            ("NoSuchKey", Fault::Missing),
        ] {
            assert_eq!(by_code(code), Some(fault), "{code}");
        }
        assert_eq!(by_code("InvalidRequestException"), None);
        assert_eq!(by_status(400), Fault::Refused);
        assert_eq!(by_status(503), Fault::Failing);
        assert_eq!(by_status(403), Fault::Denied);
        assert_eq!(by_status(200), Fault::NoAnswer);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for fault in [Fault::Busy, Fault::Failing, Fault::NoAnswer] {
            assert!(fault.may_pass());
        }
        for fault in [
            Fault::Credentials,
            Fault::Denied,
            Fault::Missing,
            Fault::Refused,
        ] {
            assert!(!fault.may_pass());
        }
    }

    #[test]
    fn a_role_that_is_refused_is_no_matter_of_renewing() {
        let words = "other: an error occurred while loading credentials: service error: unhandled \
                     error (AccessDenied): Error { code: \"AccessDenied\", message: \"User: x is not \
                     authorized to perform: sts:AssumeRole on resource: y\", aws_request_id: \"1\" }";
        let error = explain_credentials(words);
        assert_eq!(error.kind, QueryErrorKind::Denied);
        assert_eq!(
            error.message,
            "AWS refused sts:AssumeRole: AccessDenied: User: x is not authorized to perform: \
             sts:AssumeRole on resource: y"
        );
        assert!(error.hint.unwrap().contains("external_id"));
        assert_eq!(
            explain_credentials("expired").kind,
            QueryErrorKind::Credentials
        );
    }

    proptest! {
        #[test]
        fn any_words_are_borne(words in "(AccessDenied|sts:AssumeRole|message: \"|\"|[a-z ]){0,8}") {
            let error = explain_credentials(&words);
            prop_assert!(!error.message.is_empty());
        }

        #[test]
        fn any_code_and_status_has_one_meaning(code in "[A-Za-z0-9]{0,30}", status in 100_u16..600) {
            let fault = by_code(&code).unwrap_or(by_status(status));
            prop_assert_eq!(fault.may_pass(), matches!(fault, Fault::Busy | Fault::Failing | Fault::NoAnswer));
        }
    }
}
