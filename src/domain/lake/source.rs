//! The log sources that Security Lake collects natively, and the names of their tables.

use std::fmt;
use std::str::FromStr;

/// A native log source of Security Lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// CloudTrail management events (API Activity, Authentication, Account Change).
    CloudTrailMgmt,
    /// CloudTrail data events of Lambda.
    LambdaExecution,
    /// CloudTrail data events of S3.
    S3Data,
    /// Route 53 resolver query logs (DNS Activity).
    Route53,
    /// Security Hub findings (Vulnerability, Compliance, Detection).
    ShFindings,
    /// VPC flow logs (Network Activity).
    VpcFlow,
    /// EKS audit logs (API Activity); source version 2 only.
    EksAudit,
    /// WAF logs (HTTP Activity); source version 2 only.
    Waf,
}

impl Source {
    /// Every source, in the order in which they are listed to people.
    pub const ALL: [Self; 8] = [
        Self::CloudTrailMgmt,
        Self::S3Data,
        Self::LambdaExecution,
        Self::EksAudit,
        Self::ShFindings,
        Self::VpcFlow,
        Self::Route53,
        Self::Waf,
    ];

    /// The name in object keys, such as `CLOUD_TRAIL_MGMT`.
    pub fn key_name(self) -> &'static str {
        match self {
            Self::CloudTrailMgmt => "CLOUD_TRAIL_MGMT",
            Self::LambdaExecution => "LAMBDA_EXECUTION",
            Self::S3Data => "S3_DATA",
            Self::Route53 => "ROUTE53",
            Self::ShFindings => "SH_FINDINGS",
            Self::VpcFlow => "VPC_FLOW",
            Self::EksAudit => "EKS_AUDIT",
            Self::Waf => "WAF",
        }
    }

    /// The short table alias, such as `cloud_trail_mgmt`.
    pub fn alias(self) -> &'static str {
        match self {
            Self::CloudTrailMgmt => "cloud_trail_mgmt",
            Self::LambdaExecution => "lambda_execution",
            Self::S3Data => "s3_data",
            Self::Route53 => "route53",
            Self::ShFindings => "sh_findings",
            Self::VpcFlow => "vpc_flow",
            Self::EksAudit => "eks_audit",
            Self::Waf => "waf",
        }
    }

    /// A name of at most eight letters, for where the alias does not fit.
    pub fn short(self) -> &'static str {
        match self {
            Self::CloudTrailMgmt => "trail",
            Self::LambdaExecution => "lambda",
            Self::S3Data => "s3_data",
            Self::Route53 => "route53",
            Self::ShFindings => "findings",
            Self::VpcFlow => "vpc_flow",
            Self::EksAudit => "eks",
            Self::Waf => "waf",
        }
    }

    /// Whether Security Lake documents this source in the given version.
    pub fn exists_in(self, version: SourceVersion) -> bool {
        match version {
            SourceVersion::V1 => !matches!(self, Self::EksAudit | Self::Waf),
            SourceVersion::V2 => true,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alias())
    }
}

impl FromStr for Source {
    type Err = ();

    /// Reads a key name or an alias, in either case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|source| source.alias().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}

/// The version of a source's schema: 1 is OCSF 1.0.0-rc.2, 2 is OCSF 1.1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceVersion {
    /// OCSF 1.0.0-rc.2.
    V1,
    /// OCSF 1.1.0.
    V2,
}

impl SourceVersion {
    /// Both, the older first.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// The path element, `1.0` or `2.0`.
    pub fn path_name(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    /// The table suffix, `1_0` or `2_0`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::V1 => "1_0",
            Self::V2 => "2_0",
        }
    }
}

/// A table's name in Glue: database and table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The Glue database, such as `amazon_security_lake_glue_db_us_east_1`.
    pub database: String,
    /// The table, such as `amazon_security_lake_table_us_east_1_vpc_flow_2_0`.
    pub table: String,
}

impl TableName {
    /// The names that Security Lake gives to the table of a source in a Region.
    pub fn documented(region: &str, source: Source, version: SourceVersion) -> Self {
        let region = region.replace('-', "_");
        Self {
            database: format!("amazon_security_lake_glue_db_{region}"),
            table: format!(
                "amazon_security_lake_table_{region}_{}_{}",
                source.alias(),
                version.suffix()
            ),
        }
    }
}

/// What a table's name says that it holds: a source's alias and a version's suffix at its end.
pub fn told_by_name(table: &str) -> Option<(Source, SourceVersion)> {
    let versions = |source| SourceVersion::ALL.map(|version| (source, version));
    Source::ALL
        .into_iter()
        .flat_map(versions)
        .find(|(source, version)| {
            table
                .strip_suffix(version.suffix())
                .and_then(|rest| rest.strip_suffix('_'))
                .and_then(|rest| rest.strip_suffix(source.alias()))
                .is_some_and(|rest| rest.ends_with('_'))
        })
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_glue_convention() {
        let name = TableName::documented("us-east-1", Source::VpcFlow, SourceVersion::V2);
        assert_eq!(
            name.to_string(),
            "amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0"
        );
    }

    #[test]
    fn a_documented_name_tells_its_source_and_version() {
        for source in Source::ALL {
            for version in SourceVersion::ALL {
                let name = TableName::documented("eu-west-1", source, version);
                assert_eq!(told_by_name(&name.table), Some((source, version)));
            }
        }
        for table in ["vpc_flow", "vpc_flow_2_0", "my_table_2_0", ""] {
            assert_eq!(told_by_name(table), None, "{table}");
        }
    }

    #[test]
    fn every_source_is_read_back_from_both_of_its_names() {
        for source in Source::ALL {
            assert_eq!(source.key_name().parse(), Ok(source));
            assert_eq!(source.alias().parse(), Ok(source));
        }
        assert_eq!("nonsense".parse::<Source>(), Err(()));
    }
}
