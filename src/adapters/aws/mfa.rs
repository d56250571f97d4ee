//! A session that the code of an MFA device opens.
//!
//! The SDK's own provider of an assumed role cannot ask for a code, and a code counts once: the
//! session is opened when the access is, and cannot be renewed without another code.

use std::fmt;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};

use super::AwsSettings;
use super::access::SESSION_NAME;
use super::faults::explain;
use crate::domain::query::{QueryError, QueryErrorKind};

/// A code that an MFA device shows. It is never shown again.
#[derive(Clone, PartialEq, Eq)]
pub struct MfaCode(String);

impl MfaCode {
    /// A code as a person types it; blanks around it and in it do not count. `None` where it is
    /// none: codes are of six digits.
    pub fn of(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let is_code = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_digit());
        is_code.then_some(Self(digits))
    }
}

impl fmt::Debug for MfaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MfaCode")
    }
}

/// The configuration with the session's credentials: those of the role where one is named, else
/// those of the caller, marked as confirmed by the device.
///
/// # Errors
///
/// What STS says of the code, the role or the caller.
pub(super) async fn opened(
    config: SdkConfig,
    settings: &AwsSettings,
    device: &str,
    code: &MfaCode,
) -> Result<SdkConfig, QueryError> {
    let sts = Client::new(&config);
    let given = match &settings.role_arn {
        Some(role) => {
            let session = settings.session_name.as_deref().unwrap_or(SESSION_NAME);
            let assumed = sts
                .assume_role()
                .role_arn(role)
                .role_session_name(session)
                .set_external_id(settings.external_id.clone())
                .serial_number(device)
                .token_code(&code.0)
                .send()
                .await
                .map_err(|error| with_hint(explain("sts:AssumeRole", &error)))?;
            assumed.credentials
        }
        None => {
            let session = sts
                .get_session_token()
                .serial_number(device)
                .token_code(&code.0)
                .send()
                .await
                .map_err(|error| with_hint(explain("sts:GetSessionToken", &error)))?;
            session.credentials
        }
    };
    let Some(given) = given else {
        return Err(QueryError::new(
            QueryErrorKind::Storage,
            "the answer of STS to the MFA code holds no credentials",
        )
        .with_hint("check the network and a proxy, then try again with a new code"));
    };
    let credentials = Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        SystemTime::try_from(given.expiration).ok(),
        "mfa session",
    );
    Ok(config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build())
}

fn with_hint(error: QueryError) -> QueryError {
    match error.kind {
        QueryErrorKind::Denied => error.with_hint(
            "a code counts once and for half a minute: wait for the next one; else look at the \
             device's ARN (`mfa_serial`), and at the role's trust policy and external id",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_and_is_never_shown() {
        let code = MfaCode::of(" 123 456\n").unwrap();
        assert_eq!(code.0, "123456");
        assert_eq!(format!("{code:?}"), "MfaCode");
        for wrong in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(MfaCode::of(wrong), None, "{wrong}");
        }
    }
}
