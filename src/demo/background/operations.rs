//! Which operations are called, on what, how often.

/// What an operation is about; decides its parameters and resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Nothing,
    Bucket,
    Role,
    User,
    Instance,
    Key,
    Secret,
    Parameter,
    Table,
    Queue,
    LogGroup,
    Function,
    Repository,
    SecurityGroup,
}

/// An operation of a service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    /// Such as `s3`; the event source is `s3.amazonaws.com`.
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) on: On,
    /// How often, against the others of its list.
    pub(crate) weight: f64,
}

const fn op(service: &'static str, name: &'static str, on: On, weight: f64) -> Operation {
    Operation {
        service,
        name,
        on,
        weight,
    }
}

/// People in consoles and terminals: they look far more than they change.
pub(super) const PEOPLE: &[Operation] = &[
    op("ec2", "DescribeInstances", On::Nothing, 14.0),
    op("ec2", "DescribeSecurityGroups", On::Nothing, 6.0),
    op("ec2", "DescribeVolumes", On::Nothing, 4.0),
    op("ec2", "DescribeInstanceStatus", On::Instance, 6.0),
    op("s3", "ListBuckets", On::Nothing, 5.0),
    op("s3", "GetBucketLocation", On::Bucket, 5.0),
    op("s3", "GetBucketAcl", On::Bucket, 3.0),
    op("s3", "GetBucketPolicy", On::Bucket, 2.0),
    op("s3", "GetBucketPublicAccessBlock", On::Bucket, 2.0),
    op("iam", "ListRoles", On::Nothing, 4.0),
    op("iam", "GetRole", On::Role, 4.0),
    op("iam", "ListUsers", On::Nothing, 2.0),
    op("iam", "ListAccessKeys", On::User, 2.0),
    op("iam", "GetUser", On::User, 2.0),
    op("logs", "DescribeLogGroups", On::Nothing, 7.0),
    op("logs", "FilterLogEvents", On::LogGroup, 6.0),
    op("logs", "StartQuery", On::LogGroup, 3.0),
    op("monitoring", "DescribeAlarms", On::Nothing, 6.0),
    op("monitoring", "GetMetricData", On::Nothing, 10.0),
    op("lambda", "ListFunctions20150331", On::Nothing, 3.0),
    op("lambda", "GetFunction20150331v2", On::Function, 3.0),
    op("dynamodb", "DescribeTable", On::Table, 3.0),
    op("sqs", "GetQueueAttributes", On::Queue, 3.0),
    op("cloudtrail", "LookupEvents", On::Nothing, 2.0),
    op("kms", "ListAliases", On::Nothing, 2.0),
    op("secretsmanager", "ListSecrets", On::Nothing, 1.5),
    op("secretsmanager", "GetSecretValue", On::Secret, 0.6),
    op("sts", "GetCallerIdentity", On::Nothing, 3.0),
    op("ec2", "StartInstances", On::Instance, 0.5),
    op("ec2", "StopInstances", On::Instance, 0.5),
    op(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        On::SecurityGroup,
        0.25,
    ),
    op("ec2", "CreateTags", On::Instance, 0.6),
    op("s3", "PutBucketTagging", On::Bucket, 0.3),
    op("s3", "PutBucketPolicy", On::Bucket, 0.08),
    op("iam", "AttachRolePolicy", On::Role, 0.25),
    op("iam", "CreateRole", On::Role, 0.12),
    op("iam", "CreateAccessKey", On::User, 0.05),
    op("iam", "DeleteAccessKey", On::User, 0.05),
    op(
        "lambda",
        "UpdateFunctionConfiguration20150331v2",
        On::Function,
        0.4,
    ),
];

/// Pipelines between the sessions that they open.
pub(super) const PIPELINES: &[Operation] = &[
    op("sts", "GetCallerIdentity", On::Nothing, 6.0),
    op("cloudformation", "DescribeStacks", On::Nothing, 10.0),
    op("cloudformation", "DescribeStackEvents", On::Nothing, 8.0),
    op("cloudformation", "CreateChangeSet", On::Nothing, 2.0),
    op("cloudformation", "ExecuteChangeSet", On::Nothing, 1.5),
    op("ecr", "BatchGetImage", On::Repository, 6.0),
    op("ecr", "PutImage", On::Repository, 3.0),
    op("ecr", "GetAuthorizationToken", On::Nothing, 4.0),
    op("lambda", "UpdateFunctionCode20150331v2", On::Function, 1.5),
    op("lambda", "GetFunction20150331v2", On::Function, 3.0),
    op("ssm", "GetParameter", On::Parameter, 6.0),
    op("s3", "GetBucketLocation", On::Bucket, 3.0),
    op("iam", "GetRole", On::Role, 3.0),
    op("iam", "PassRole", On::Role, 0.5),
];

/// Programs with roles.
pub(super) const PROGRAMS: &[Operation] = &[
    op("kms", "Decrypt", On::Key, 20.0),
    op("kms", "GenerateDataKey", On::Key, 12.0),
    op("secretsmanager", "GetSecretValue", On::Secret, 8.0),
    op("ssm", "GetParameters", On::Parameter, 8.0),
    op("ssm", "UpdateInstanceInformation", On::Instance, 12.0),
    op("sts", "GetCallerIdentity", On::Nothing, 4.0),
    op("dynamodb", "DescribeTable", On::Table, 5.0),
    op("sqs", "GetQueueUrl", On::Queue, 3.0),
    op("logs", "CreateLogStream", On::LogGroup, 8.0),
    op("monitoring", "PutMetricAlarm", On::Nothing, 0.4),
    op("ecr", "BatchGetImage", On::Repository, 4.0),
    op("s3", "GetBucketLocation", On::Bucket, 2.0),
    op("ec2", "DescribeTags", On::Instance, 4.0),
    op("eks", "DescribeCluster", On::Nothing, 2.0),
];

/// What AWS services do for the account.
pub(super) const SERVICES: &[Operation] = &[
    op("sts", "AssumeRole", On::Role, 14.0),
    op("ec2", "DescribeInstances", On::Nothing, 6.0),
    op("ec2", "DescribeNetworkInterfaces", On::Nothing, 5.0),
    op(
        "elasticloadbalancing",
        "DescribeTargetHealth",
        On::Nothing,
        5.0,
    ),
    op("config", "PutEvaluations", On::Nothing, 4.0),
    op("s3", "GetBucketAcl", On::Bucket, 3.0),
    op("s3", "GetBucketEncryption", On::Bucket, 2.0),
    op("ec2", "RunInstances", On::Instance, 0.3),
    op("ec2", "TerminateInstances", On::Instance, 0.3),
    op("kms", "Decrypt", On::Key, 4.0),
];
