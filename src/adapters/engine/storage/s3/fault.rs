//! Why S3 does not give what is asked for, and what to do about it.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error;

use super::place::{S3Object, S3Place};
use crate::adapters::aws::{AwsAccess, Fault, explain, fault_of};
use crate::domain::query::{QueryError, QueryErrorKind};

/// The permission that reading an object takes.
const GET: &str = "s3:GetObject";

/// The permission that listing a prefix takes.
const LIST: &str = "s3:ListBucket";

/// Why an object's bytes cannot be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum ReadFault {
    /// It is not there any more: expired or removed.
    #[error("was removed since it was listed")]
    Gone,
    /// Anything else; the query cannot be answered.
    #[error("{0}")]
    Failed(#[from] QueryError),
}

/// How one request ended that did not bring all.
#[derive(Debug)]
pub(super) enum Setback<F> {
    /// The same may succeed when it is asked again.
    Again(QueryError),
    /// It will not.
    Final(F),
}

/// What an error answer to a GET leads to.
pub(super) fn of_get(
    access: &AwsAccess,
    object: &S3Object,
    error: &SdkError<GetObjectError>,
) -> Setback<ReadFault> {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    if matches!(status, Some(412 | 416)) {
        return Setback::Final(changed(object).into());
    }
    let code = error
        .as_service_error()
        .and_then(|fault| fault.meta().code());
    match (code, fault_of(error)) {
        (Some("NoSuchKey"), _) => return Setback::Final(ReadFault::Gone),
        (Some("InvalidObjectState"), _) => {
            let told = format!("{object} lies in an archive, from which it cannot be read at once");
            let error = QueryError::new(QueryErrorKind::Storage, told).with_hint(
                "restore the object (s3:RestoreObject), or leave its day out of the query",
            );
            return Setback::Final(error.into());
        }
        _ => {}
    }
    let mut told = access.renewable(explain(GET, error));
    told.message = format!("{} ({object})", told.message);
    match fault_of(error) {
        fault if fault.may_pass() => Setback::Again(told),
        Fault::Denied => Setback::Final(
            told.with_hint(format!(
                "reading the lake's objects takes `{GET}` on arn:aws:s3:::{}/*, and `kms:Decrypt` \
                 on the bucket's key where it has one; Athena needs neither of you: run it there \
                 otherwise",
                object.bucket
            ))
            .into(),
        ),
        _ => Setback::Final(told.into()),
    }
}

/// What an error answer to a listing leads to.
pub(super) fn of_list(
    access: &AwsAccess,
    place: &S3Place,
    error: &SdkError<ListObjectsV2Error>,
) -> Setback<QueryError> {
    let mut told = access.renewable(explain(LIST, error));
    told.message = format!("{} ({place})", told.message);
    match fault_of(error) {
        fault if fault.may_pass() => Setback::Again(told),
        Fault::Denied => Setback::Final(told.with_hint(format!(
            "listing the lake's objects takes `{LIST}` on arn:aws:s3:::{}; Athena needs no such \
             right of you: run it there otherwise",
            place.bucket
        ))),
        Fault::Missing => Setback::Final(told.with_hint(
            "there is no such bucket: look at the table's location, or at `data_locations` in the \
             profile",
        )),
        _ => Setback::Final(told),
    }
}

/// The object is another one than was listed.
pub(super) fn changed(object: &S3Object) -> QueryError {
    storage(format!("{object} was overwritten since it was listed"))
        .with_hint("run the query again: it lists the objects anew")
}

/// A store that is out of reach, or answers otherwise than S3 does.
pub(super) fn storage(message: String) -> QueryError {
    QueryError::new(QueryErrorKind::Storage, message)
}
