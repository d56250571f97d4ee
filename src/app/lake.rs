//! A lake with everything that answers for it: on a folder, or on AWS.

use std::path::PathBuf;
use std::sync::Arc;

use crate::adapters::athena::{AthenaOptions, AthenaService};
use crate::adapters::aws::{AwsAccess, AwsSettings, MfaCode};
use crate::adapters::catalog::{CatalogOptions, GlueCatalog};
use crate::adapters::engine::{Engine, EngineOptions, LakeError, LakeRoot, ObjectStore};
use crate::adapters::journal::{JournalError, RunJournal};
use crate::app::direct::Direct;
use crate::app::on_aws::OnAws;
use crate::config::{Paths, Profile};
use crate::domain::cost::Price;
use crate::domain::lake::TableName;
use crate::domain::query::QueryError;
use crate::ports::{Catalog, QueryService};
use crate::sql::parameters::quote_identifier;
use crate::sql::table_names::TableNames;

/// Bytes that every query on Athena pays for at least.
const MINIMUM_BYTES: u64 = 10_000_000;

/// Where a lake is.
#[derive(Debug, Clone)]
pub enum LakePlace {
    /// In a folder, read by the embedded engine.
    Folder(PathBuf),
    /// On AWS, asked through Athena.
    Aws {
        /// The profile's name in the configuration.
        name: String,
        /// The profile.
        profile: Box<Profile>,
        /// The code of the MFA device that the profile names.
        mfa_code: Option<MfaCode>,
    },
    /// Nowhere: only files that are named count.
    Nowhere,
}

/// A lake that can be asked.
pub struct OpenLake {
    /// Runs queries.
    pub queries: Arc<dyn QueryService>,
    /// Lists tables.
    pub catalog: Arc<dyn Catalog>,
    /// The access to AWS, where the lake is there.
    pub access: Option<AwsAccess>,
    /// Reads files that are named, and objects like files.
    files: Arc<Engine>,
}

/// Why a lake cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the engine.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The journal of runs.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// AWS.
    #[error(transparent)]
    Aws(#[from] QueryError),
}

/// The embedded engine's share of the machine.
#[derive(Debug, Clone)]
pub struct EngineShare {
    /// Memory that queries may use together.
    pub memory_bytes: usize,
    /// Where to spill; the system's folder for temporary files if `None`.
    pub spill_dir: Option<PathBuf>,
}

impl LakePlace {
    /// Opens the lake. Neither the network nor an object is asked for anything yet.
    ///
    /// # Errors
    ///
    /// A folder that is none, a journal that cannot be used, a profile without a Region.
    pub async fn open(&self, paths: &Paths, share: EngineShare) -> Result<OpenLake, OpenError> {
        let options = EngineOptions {
            lake: match self {
                Self::Folder(folder) => LakeRoot::Folder(folder.clone()),
                Self::Aws { .. } | Self::Nowhere => LakeRoot::Nowhere,
            },
            memory_bytes: share.memory_bytes,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            spill_dir: share.spill_dir,
        };
        let (name, profile, mfa_code) = match self {
            Self::Folder(_) => return Ok(OpenLake::embedded(Engine::open(options)?)),
            Self::Nowhere => return Ok(OpenLake::embedded(Engine::without_lake(options)?)),
            Self::Aws {
                name,
                profile,
                mfa_code,
            } => (name, profile, mfa_code),
        };
        let access = AwsAccess::open(settings(profile), mfa_code.as_ref()).await?;
        let journal = Arc::new(RunJournal::open(&paths.run_journal())?);
        let catalog = Arc::new(GlueCatalog::new(
            access.clone(),
            CatalogOptions {
                databases: profile.databases.clone(),
                aliases: profile.aliases.clone(),
                cache: Some(paths.catalogue_file(name)),
            },
        ));
        let athena = AthenaService::new(&access, journal, athena_options(name, profile))
            .with_catalog(Arc::clone(&catalog) as Arc<dyn Catalog>);
        let cache = paths.fetched_ranges_dir(name);
        let direct = Direct::new(
            access.clone(),
            Arc::clone(&catalog),
            options.clone(),
            profile,
            cache,
        );
        let embedded = Arc::new(Engine::without_lake(options)?);
        let files = Arc::clone(&embedded);
        let aliases = &profile.aliases;
        let on_aws = OnAws::new(athena, embedded, direct, Arc::clone(&catalog), aliases);
        Ok(OpenLake {
            queries: Arc::new(on_aws),
            catalog,
            access: Some(access),
            files,
        })
    }

    /// Whether the lake is on AWS.
    pub fn is_on_aws(&self) -> bool {
        matches!(self, Self::Aws { .. })
    }
}

impl OpenLake {
    fn embedded(engine: Engine) -> Self {
        let engine = Arc::new(engine);
        Self {
            queries: Arc::clone(&engine) as Arc<dyn QueryService>,
            catalog: Arc::clone(&engine) as Arc<dyn Catalog>,
            access: None,
            files: engine,
        }
    }

    /// Where objects of S3 are read from that are opened like files.
    pub fn read_objects_from(&self, objects: ObjectStore) {
        self.files.read_objects_from(objects);
    }

    /// What the lake calls the documented tables. On AWS the catalogue is asked.
    ///
    /// # Errors
    ///
    /// Those of the catalogue.
    pub async fn table_names(&self) -> Result<TableNames, QueryError> {
        if self.access.is_none() {
            return Ok(TableNames::short());
        }
        let mut names = TableNames::default();
        // A table with a short name is the one that is meant; it comes last and wins.
        let mut tables = self.catalog.tables().await?;
        tables.sort_by_key(|table| table.alias.is_some());
        for table in tables {
            if let (Some(source), Some(version)) = (table.source, table.version) {
                names.set(source, version, in_a_statement(&table.name));
            }
        }
        Ok(names)
    }
}

/// A table's name as it stands in a statement, its parts quoted where they have to be.
pub(super) fn in_a_statement(name: &TableName) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let part = |name: &str| {
        if !name.is_empty()
            && name.chars().all(plain)
            && !name.starts_with(|c: char| c.is_ascii_digit())
        {
            name.to_owned()
        } else {
            quote_identifier(name)
        }
    };
    format!("{}.{}", part(&name.database), part(&name.table))
}

pub(super) fn settings(profile: &Profile) -> AwsSettings {
    AwsSettings {
        region: profile.region.clone(),
        aws_profile: profile.aws_profile.clone(),
        role_arn: profile.role_arn.clone(),
        external_id: profile.external_id.clone(),
        session_name: profile.session_name.clone(),
        mfa_serial: profile.mfa_serial.clone(),
        endpoint_url: profile.endpoint_url.clone(),
    }
}

fn athena_options(name: &str, profile: &Profile) -> AthenaOptions {
    AthenaOptions {
        profile: name.to_owned(),
        workgroup: profile.workgroup.clone(),
        output_location: profile.output_location.clone(),
        database: profile.databases.first().cloned(),
        catalog: None,
        allow_writes: profile.allow_writes,
        read_only: profile.read_only,
        price: profile.usd_per_tb.map(|usd_per_tb| Price {
            usd_per_tb,
            minimum_bytes: MINIMUM_BYTES,
        }),
        budget_usd: profile.budget_usd,
        query_budget_usd: profile.query_budget_usd,
    }
}
