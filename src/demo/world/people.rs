//! Who acts: people with working hours, pipelines with long-lived keys, roles of programs.

use std::sync::Arc;

use super::{Account, DATA, PRODUCTION, SANDBOX, SECURITY, SHARED};
use crate::demo::dice::Dice;

/// Who made a call, as CloudTrail tells it. A session is an actor of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actor {
    /// `IAMUser`, `AssumedRole`, `AWSService`, `Root` …
    pub(crate) kind: &'static str,
    /// The user's or role's name.
    pub(crate) name: Option<String>,
    /// The ARN.
    pub(crate) uid: Option<String>,
    /// The principal id: `AIDA…`, or `AROA…:session`.
    pub(crate) uid_alt: Option<String>,
    /// The account's id.
    pub(crate) account: Option<String>,
    /// The access key id: `AKIA…` for good, `ASIA…` for a session.
    pub(crate) key: Option<String>,
    /// The ARN of the role behind a session.
    pub(crate) issuer: Option<String>,
    /// When the session began, epoch milliseconds.
    pub(crate) since: Option<i64>,
    /// Whether the session began with a second factor.
    pub(crate) mfa: Option<bool>,
    /// The service that called for somebody.
    pub(crate) invoked_by: Option<String>,
}

/// A person.
#[derive(Debug)]
pub(crate) struct Person {
    /// The address that names the person's sessions.
    pub(crate) email: String,
    /// The role that single sign-on gives.
    pub(crate) role: Role,
    /// Where the person's requests come from.
    pub(crate) address: String,
    /// Hours east of UTC.
    pub(crate) zone: i64,
    /// The programs that the person uses.
    pub(crate) agents: [&'static str; 2],
}

/// A role that sessions are made from.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// The account's index.
    pub(crate) account: usize,
    /// The account's id.
    pub(crate) account_id: String,
    /// The role's name, without path.
    pub(crate) name: String,
    /// The role's ARN.
    pub(crate) arn: String,
    /// `AROA…`.
    pub(crate) id: String,
    /// The service that assumes it, for roles of programs.
    pub(crate) service: &'static str,
}

/// A pipeline of the build system: an IAM user with a long-lived key, and the roles that it
/// assumes one after the other.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The IAM user with its key.
    pub(crate) user: Arc<Actor>,
    /// The role in the build system's own account.
    pub(crate) first: Role,
    /// The role in the account that is deployed to.
    pub(crate) second: Role,
    /// The public address of the build hosts.
    pub(crate) address: String,
}

impl Role {
    fn new(dice: &mut Dice, accounts: &[Account], account: usize, path: &str, name: &str) -> Self {
        let id = &accounts[account].id;
        Self {
            account,
            account_id: id.clone(),
            name: name.to_owned(),
            arn: format!("arn:aws:iam::{id}:role{path}{name}"),
            id: dice.iam_id("AROA"),
            service: "",
        }
    }

    /// A session of this role with the given access key.
    pub(crate) fn session(&self, name: &str, key: String, since: i64, mfa: bool) -> Actor {
        Actor {
            kind: "AssumedRole",
            name: Some(self.name.clone()),
            uid: Some(self.session_arn(name)),
            uid_alt: Some(format!("{}:{name}", self.id)),
            account: Some(self.account_id.clone()),
            key: Some(key),
            issuer: Some(self.arn.clone()),
            since: Some(since),
            mfa: Some(mfa),
            invoked_by: None,
        }
    }

    /// The ARN of a session of this role.
    pub(crate) fn session_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:sts::{}:assumed-role/{}/{name}",
            self.account_id, self.name
        )
    }
}

/// First and last names, accounts and hours east of UTC of everybody.
const PEOPLE: [(&str, &str, usize, i64); 20] = [
    ("ana", "lindqvist", PRODUCTION, 1),
    ("bao", "tran", PRODUCTION, -5),
    ("carla", "mendes", PRODUCTION, -5),
    ("dmitri", "ozols", PRODUCTION, 2),
    ("efua", "boateng", PRODUCTION, 0),
    ("farid", "haddad", PRODUCTION, -8),
    ("greta", "holm", DATA, 1),
    ("hiro", "tanabe", DATA, 9),
    ("ines", "carvalho", DATA, 0),
    ("jonas", "weber", DATA, 1),
    ("kavya", "raman", DATA, -5),
    ("liam", "doyle", SHARED, 0),
    ("mei", "zhou", SHARED, -8),
    ("noor", "akhtar", SHARED, -5),
    ("oskar", "nowak", SANDBOX, 1),
    ("priya", "nair", SANDBOX, -5),
    ("quinn", "harper", SANDBOX, -8),
    ("rosa", "delgado", SANDBOX, -6),
    ("samir", "benali", SECURITY, 1),
    ("tess", "whitaker", SECURITY, -5),
];

const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
];

const TOOLS: [&str; 4] = [
    "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/macos#25.0.0 md/arch#arm64 lang/python#3.13.7 exec-env/none",
    "aws-cli/2.28.11 md/awscrt#0.27.4 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4",
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 terraform-provider-aws/6.15.0 aws-sdk-go-v2/1.39.2",
    "Boto3/1.40.45 md/Botocore#1.40.45 ua/2.1 os/linux#6.1.0 lang/python#3.12.11 Botocore/1.40.45",
];

/// Everybody, each with an own role from single sign-on.
pub(super) fn people(dice: &mut Dice, accounts: &[Account]) -> Vec<Person> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    for (index, (first, last, account, zone)) in PEOPLE.into_iter().enumerate() {
        let set = match account {
            SECURITY => "SecurityAudit",
            SANDBOX => "AdministratorAccess",
            _ if index % 3 == 0 => "PowerUserAccess",
            _ => "ReadOnlyAccess",
        };
        let name = format!("AWSReservedSSO_{set}_{}", dice.hex(16));
        let path = "/aws-reserved/sso.amazonaws.com/";
        people.push(Person {
            email: format!("{first}.{last}@example.com"),
            role: Role::new(dice, accounts, account, path, &name),
            address: format!("203.0.113.{}", 10 + index * 2),
            zone,
            agents: [BROWSERS[dice.below(3)], TOOLS[dice.below(4)]],
        });
    }
    people
}

/// The pipelines; the first one is the busiest.
pub(super) fn pipelines(dice: &mut Dice, accounts: &[Account]) -> Vec<Pipeline> {
    [
        (
            "ci-release",
            "release-orchestrator",
            DATA,
            "data-export-maintainer",
        ),
        (
            "ci-frontend",
            "frontend-orchestrator",
            PRODUCTION,
            "frontend-deployer",
        ),
        (
            "ci-platform",
            "platform-orchestrator",
            PRODUCTION,
            "platform-deployer",
        ),
        (
            "ci-sandbox",
            "sandbox-orchestrator",
            SANDBOX,
            "sandbox-deployer",
        ),
    ]
    .into_iter()
    .map(|(user, first, account, second)| Pipeline {
        user: Arc::new(Actor {
            kind: "IAMUser",
            name: Some(user.to_owned()),
            uid: Some(format!("arn:aws:iam::{}:user/{user}", accounts[SHARED].id)),
            uid_alt: Some(dice.iam_id("AIDA")),
            account: Some(accounts[SHARED].id.clone()),
            key: Some(dice.iam_id("AKIA")),
            ..Actor::default()
        }),
        first: Role::new(dice, accounts, SHARED, "/", first),
        second: Role::new(dice, accounts, account, "/", second),
        address: "203.0.113.61".to_owned(),
    })
    .collect()
}

/// The roles of programs.
pub(super) fn roles(dice: &mut Dice, accounts: &[Account]) -> Vec<Role> {
    [
        (SHARED, "build-runner", "ec2.amazonaws.com"),
        (SHARED, "artifact-replicator", "lambda.amazonaws.com"),
        (PRODUCTION, "web-frontend", "ec2.amazonaws.com"),
        (PRODUCTION, "order-service", "ecs-tasks.amazonaws.com"),
        (PRODUCTION, "payment-service", "ecs-tasks.amazonaws.com"),
        (PRODUCTION, "eks-node", "ec2.amazonaws.com"),
        (PRODUCTION, "thumbnailer", "lambda.amazonaws.com"),
        (DATA, "etl-runner", "glue.amazonaws.com"),
        (DATA, "report-builder", "lambda.amazonaws.com"),
        (DATA, "warehouse-loader", "ec2.amazonaws.com"),
        (SANDBOX, "experiment-worker", "ec2.amazonaws.com"),
        (SECURITY, "log-archiver", "lambda.amazonaws.com"),
        (SECURITY, "posture-scanner", "ecs-tasks.amazonaws.com"),
    ]
    .into_iter()
    .map(|(account, name, service)| Role {
        service,
        ..Role::new(dice, accounts, account, "/", name)
    })
    .collect()
}
