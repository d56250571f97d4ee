//! Opening AWS with a profile's settings.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::ProvideCredentials;
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use chrono::{DateTime, Utc};

use super::faults::{ServiceFault, explain, explain_credentials, fault_of, reasons};
use super::mfa::{self, MfaCode};
use crate::domain::access::Access;
use crate::domain::query::{QueryError, QueryErrorKind};

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How long one attempt may be without a byte.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// How often the SDK tries before it gives up.
const ATTEMPTS: u32 = 3;

/// The name of an assumed role's session, as CloudTrail shows it, where none is given.
pub(super) const SESSION_NAME: &str = "lakehound";

/// Which account is meant, and with whose rights. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsSettings {
    /// The Region; the environment's or the SDK's profile's where `None`.
    pub region: Option<String>,
    /// The profile in the SDK's own files.
    pub aws_profile: Option<String>,
    /// A role to assume with the credentials that the chain finds.
    pub role_arn: Option<String>,
    /// The external id that the role's trust asks for.
    pub external_id: Option<String>,
    /// The session's name in CloudTrail; `lakehound` where `None`.
    pub session_name: Option<String>,
    /// The MFA device that the role's trust asks for.
    pub mfa_serial: Option<String>,
    /// Another address for every service: a test peer or a VPC endpoint.
    pub endpoint_url: Option<String>,
}

/// AWS with one set of credentials in one Region. Cheap to clone.
#[derive(Clone)]
pub struct AwsAccess {
    config: SdkConfig,
    region: String,
    settings: AwsSettings,
}

impl fmt::Debug for AwsAccess {
    /// Names what was asked for; nothing of the SDK's configuration, which holds the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsAccess")
            .field("region", &self.region)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl AwsAccess {
    /// Finds the Region and prepares the clients. Credentials are looked up at the first request, so
    /// that this neither waits for the network nor fails where they have expired; but where an MFA
    /// device is named, its `code` opens the session now.
    ///
    /// # Errors
    ///
    /// `Invalid` where no Region is named anywhere; `Credentials` where a code is needed and there is
    /// none; what STS says of a code.
    pub async fn open(settings: AwsSettings, code: Option<&MfaCode>) -> Result<Self, QueryError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_WITHIN)
                    .read_timeout(READ_WITHIN)
                    .build(),
            );
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &settings.aws_profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        match (&settings.mfa_serial, code) {
            (None, _) => Self::over(config, settings).await,
            (Some(device), None) => Err(code_needed(device)),
            (Some(device), Some(code)) => {
                let config = known_region(config)?.0;
                let config = mfa::opened(config, &settings, device, code).await?;
                // The role is assumed already.
                let mut access = Self::over(
                    config,
                    AwsSettings {
                        role_arn: None,
                        ..settings.clone()
                    },
                )
                .await?;
                access.settings = settings;
                Ok(access)
            }
        }
    }

    /// The same over a configuration of the SDK that is there already, such as one with credentials
    /// of its own. Of the settings only the role, the address and what hints name are looked at.
    ///
    /// # Errors
    ///
    /// `Invalid` where it has no Region.
    pub async fn over(config: SdkConfig, settings: AwsSettings) -> Result<Self, QueryError> {
        let (mut config, region) = known_region(config)?;
        if let Some(role) = &settings.role_arn {
            let session = settings.session_name.as_deref().unwrap_or(SESSION_NAME);
            let mut assumed = AssumeRoleProvider::builder(role)
                .configure(&config)
                .session_name(session);
            if let Some(id) = &settings.external_id {
                assumed = assumed.external_id(id);
            }
            let provider = assumed.build().await;
            config = config
                .into_builder()
                .credentials_provider(aws_sdk_sts::config::SharedCredentialsProvider::new(
                    provider,
                ))
                .build();
        }
        Ok(Self {
            config,
            region,
            settings,
        })
    }

    /// The Region of every client.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The SDK's configuration, for a client of another service.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// A client of Athena.
    pub fn athena(&self) -> aws_sdk_athena::Client {
        aws_sdk_athena::Client::new(&self.config)
    }

    /// A client of S3. Buckets stand in the path where another address is set.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config)
            .force_path_style(self.settings.endpoint_url.is_some())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// The same rights in another Region, and at another address where none is set.
    #[must_use]
    pub fn to(&self, region: Option<&str>, endpoint: Option<&str>) -> Self {
        let mut there = self.clone();
        let mut config = self.config.clone().into_builder();
        if let Some(region) = region {
            region.clone_into(&mut there.region);
            config = config.region(Region::new(region.to_owned()));
        }
        if let (Some(url), None) = (endpoint, &self.settings.endpoint_url) {
            config = config.endpoint_url(url);
            there.settings.endpoint_url = Some(url.to_owned());
        }
        there.config = config.build();
        there
    }

    /// A client of Glue.
    pub fn glue(&self) -> aws_sdk_glue::Client {
        aws_sdk_glue::Client::new(&self.config)
    }

    /// A client of STS.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.config)
    }

    /// Who the caller is for AWS, and until when. Asks STS.
    ///
    /// # Errors
    ///
    /// `Credentials` with the command that renews them, `Denied`, or `Storage` where STS cannot be
    /// reached.
    pub async fn identity(&self) -> Result<Access, QueryError> {
        let provider = self
            .config
            .credentials_provider()
            .ok_or_else(|| self.renewable(explain_credentials("no credentials are configured")))?;
        let credentials = provider
            .provide_credentials()
            .await
            .map_err(|error| self.renewable(explain_credentials(&reasons(&error))))?;
        let expires = credentials.expiry().and_then(|moment| {
            let since = moment.duration_since(UNIX_EPOCH).ok()?;
            DateTime::<Utc>::from_timestamp(i64::try_from(since.as_secs()).ok()?, 0)
        });
        let caller = self.caller().await?;
        Ok(Access {
            account: caller.account.unwrap_or_default(),
            arn: caller.arn.unwrap_or_default(),
            region: self.region.clone(),
            expires,
        })
    }

    /// What STS says of the caller. Asked for again where the answer broke off: what is left of one
    /// reads as a caller without a name.
    async fn caller(&self) -> Result<GetCallerIdentityOutput, QueryError> {
        const TRIES: u32 = 3;
        const ACTION: &str = "sts:GetCallerIdentity";
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.sts().get_caller_identity().send().await {
                Ok(caller) if caller.account.is_some() && caller.arn.is_some() => {
                    return Ok(caller);
                }
                Ok(_) => QueryError::new(
                    QueryErrorKind::Storage,
                    format!("the answer to {ACTION} does not say who the caller is"),
                )
                .with_hint("check the network and a proxy, then try again"),
                Err(error) if fault_of(&error).may_pass() => self.fault(ACTION, &error),
                Err(error) => return Err(self.fault(ACTION, &error)),
            };
            if tries == TRIES {
                return Err(error);
            }
        }
    }

    /// What an error of the SDK means, with the command that renews these credentials where they
    /// have expired. `action` is the permission's name, such as `athena:StartQueryExecution`.
    pub fn fault<E: ServiceFault>(&self, action: &str, error: &SdkError<E>) -> QueryError {
        self.renewable(explain(action, error))
    }

    /// The same error; one about credentials gets the command that renews these.
    pub fn renewable(&self, error: QueryError) -> QueryError {
        if error.kind != QueryErrorKind::Credentials {
            return error;
        }
        if self.settings.mfa_serial.is_some() {
            return error.with_hint(
                "the session that the MFA code opened has ended: start again and enter a new code; \
                 what runs at Athena goes on and can be taken up",
            );
        }
        let hint = match &self.settings.aws_profile {
            Some(profile) => format!(
                "renew them with `aws sso login --profile {profile}` (or as your organisation does), then run it again"
            ),
            None => {
                "renew the credentials in the environment, or set `aws_profile` in the profile \
                     and renew them with `aws sso login --profile NAME`, then run it again"
                    .to_owned()
            }
        };
        error.with_hint(hint)
    }
}

/// A configuration that has a Region, and the Region.
fn known_region(config: SdkConfig) -> Result<(SdkConfig, String), QueryError> {
    match config.region().map(ToString::to_string) {
        Some(region) => Ok((config, region)),
        None => Err(QueryError::new(
            QueryErrorKind::Invalid,
            "no AWS Region is known for this profile",
        )
        .with_hint("set `region` in the profile, or AWS_REGION in the environment")),
    }
}

fn code_needed(device: &str) -> QueryError {
    QueryError::new(
        QueryErrorKind::Credentials,
        format!("the code of the MFA device {device} is needed"),
    )
    .with_hint("start on a terminal, where it is asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> AwsSettings {
        AwsSettings {
            region: Some("eu-central-1".to_owned()),
            aws_profile: Some("ir".to_owned()),
            ..AwsSettings::default()
        }
    }

    #[tokio::test]
    async fn the_region_is_the_settings_and_nothing_of_the_sdk_is_shown() {
        let access = AwsAccess::open(settings(), None).await.unwrap();
        assert_eq!(access.region(), "eu-central-1");
        let shown = format!("{access:?}");
        assert!(shown.contains("eu-central-1"), "{shown}");
        for word in ["credentials", "provider", "secret", "token"] {
            assert!(!shown.to_lowercase().contains(word), "{shown}");
        }
    }

    #[tokio::test]
    async fn expired_credentials_name_the_command_that_renews_them() {
        let access = AwsAccess::open(settings(), None).await.unwrap();
        let error = access.renewable(explain_credentials("expired"));
        assert_eq!(error.kind, QueryErrorKind::Credentials);
        assert!(error.hint.unwrap().contains("`aws sso login --profile ir`"));
    }

    #[tokio::test]
    async fn an_mfa_device_without_a_code_says_what_to_do() {
        let with_device = AwsSettings {
            mfa_serial: Some("arn:aws:iam::111122223333:mfa/me".to_owned()),
            ..settings()
        };
        let error = AwsAccess::open(with_device, None).await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Credentials);
        assert!(error.message.contains("mfa/me"), "{}", error.message);
        assert!(error.hint.unwrap().contains("terminal"));
    }
}
