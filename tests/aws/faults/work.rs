//! What is done under a fault: the work that sends an operation, and what its end must be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lakehound::adapters::athena::AthenaService;
use lakehound::adapters::aws::AwsAccess;
use lakehound::adapters::catalog::{CatalogOptions, GlueCatalog};
use lakehound::domain::query::{QueryError, QueryErrorKind};
use lakehound::ports::{Catalog, QueryService, RunControl};

use crate::support::{Row, Table, access, journal, options, request, table};

/// An operation that is sent.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) service: &'static str,
    kind: Kind,
}

/// The work that sends an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A run to its last row.
    Run,
    /// Several runs that are watched together.
    Together,
    /// A run that is stopped while it works.
    Stop,
    /// The catalogue's tables.
    Tables,
    /// Who the caller is.
    Identity,
}

pub(super) const OPERATIONS: [Operation; 9] = [
    Operation {
        name: "StartQueryExecution",
        service: "athena",
        kind: Kind::Run,
    },
    Operation {
        name: "GetQueryExecution",
        service: "athena",
        kind: Kind::Run,
    },
    Operation {
        name: "BatchGetQueryExecution",
        service: "athena",
        kind: Kind::Together,
    },
    Operation {
        name: "StopQueryExecution",
        service: "athena",
        kind: Kind::Stop,
    },
    Operation {
        name: "GetQueryResults",
        service: "athena",
        kind: Kind::Run,
    },
    Operation {
        name: "GetObject",
        service: "s3",
        kind: Kind::Run,
    },
    Operation {
        name: "GetDatabases",
        service: "glue",
        kind: Kind::Tables,
    },
    Operation {
        name: "GetTables",
        service: "glue",
        kind: Kind::Tables,
    },
    Operation {
        name: "GetCallerIdentity",
        service: "sts",
        kind: Kind::Identity,
    },
];

/// A good end, every row and name of it compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Every row, in order, once.
    AllRows,
    /// Stopped, and the peer says so.
    Stopped,
    /// Every row, of a run that was left behind.
    TakenUp,
    /// What was asked for, all of it.
    Whole,
}

/// The tables that the catalogue has.
pub(super) const TABLES: [&str; 2] = [
    "amazon_security_lake_table_us_east_1_route53_2_0",
    "amazon_security_lake_table_us_east_1_vpc_flow_2_0",
];

const ROWS: usize = 1_500;

/// Runs at work together.
const TOGETHER: usize = 3;

/// The work of one cell.
pub(super) struct Work {
    kind: Kind,
    case: String,
    mark: String,
    access: AwsAccess,
    service: Arc<AthenaService>,
}

impl Work {
    pub(super) async fn new(
        operation: &Operation,
        case: &str,
        endpoint: &str,
        folder: &Path,
    ) -> Self {
        let access = access(endpoint).await;
        let service = Arc::new(AthenaService::new(&access, journal(folder), options()));
        Self {
            kind: operation.kind,
            case: case.to_owned(),
            mark: format!("/* case {case}"),
            access,
            service,
        }
    }

    /// What the texts of this cell's statements hold, and no other's.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// How many executions this work may begin.
    pub(super) fn executions(&self) -> usize {
        match self.kind {
            Kind::Run | Kind::Stop => 1,
            Kind::Together => TOGETHER,
            Kind::Tables | Kind::Identity => 0,
        }
    }

    /// The work, as far as it gets.
    pub(super) async fn attempt(&self) -> Result<End, QueryError> {
        match self.kind {
            Kind::Run => self.run("").await,
            Kind::Together => {
                let runs = (0..TOGETHER).map(|number| async move {
                    // Long enough that several looks find all of them at work.
                    self.run(&format!(" run {number} */ /* peer: wait 900"))
                        .await
                });
                let ends = futures::future::join_all(runs).await;
                ends.into_iter()
                    .collect::<Result<Vec<End>, _>>()
                    .map(|_| End::AllRows)
            }
            Kind::Stop => self.stopped().await,
            Kind::Tables => self.tables().await,
            Kind::Identity => self.identity().await,
        }
    }

    /// The same after an end by credentials, with ones that are good again: what was begun is taken
    /// up, the rest is asked for once more.
    pub(super) async fn again(&self) -> End {
        match self.kind {
            Kind::Tables => return self.tables().await.unwrap(),
            Kind::Identity => return self.identity().await.unwrap(),
            Kind::Run | Kind::Together | Kind::Stop => {}
        }
        let case = &self.case;
        let unfinished = self.service.unfinished().await.unwrap();
        assert_eq!(unfinished.len(), self.executions(), "{case}: none is lost");
        for run in unfinished {
            let control = RunControl::default();
            if self.kind == Kind::Stop {
                control.stop();
                let error = self.service.resume(run, control).await.err().unwrap();
                assert_eq!(error.kind, QueryErrorKind::Cancelled, "{case}: {error:?}");
                return End::Stopped;
            }
            let running = self.service.resume(run, control).await.unwrap();
            self.assert_whole(&table(running).await.unwrap());
        }
        End::TakenUp
    }

    /// The journal has nothing more to offer.
    pub(super) async fn assert_nothing_is_left(&self) {
        let left = self.service.unfinished().await.unwrap();
        assert!(left.is_empty(), "{}: {left:?}", self.case);
    }

    async fn run(&self, more: &str) -> Result<End, QueryError> {
        let sql = format!(
            "SELECT {}{more} */ n, CAST(n AS varchar) AS t FROM UNNEST(sequence(1, {ROWS})) AS u(n) ORDER BY n",
            self.mark
        );
        let running = self
            .service
            .start(request(&sql), RunControl::default())
            .await?;
        self.assert_whole(&table(running).await?);
        Ok(End::AllRows)
    }

    async fn stopped(&self) -> Result<End, QueryError> {
        let control = RunControl::default();
        let sql = format!("SELECT {} */ /* peer: hold */ 'held' AS v", self.mark);
        let started = {
            let (service, control) = (Arc::clone(&self.service), control.clone());
            tokio::spawn(async move { table(service.start(request(&sql), control).await?).await })
        };
        while control.waiting().bytes_read == 0 && !started.is_finished() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        control.stop();
        match started.await.unwrap() {
            Err(error) if error.kind == QueryErrorKind::Cancelled => Ok(End::Stopped),
            Err(error) => Err(error),
            Ok(table) => panic!("{}: a stopped run has no rows: {table:?}", self.case),
        }
    }

    async fn tables(&self) -> Result<End, QueryError> {
        let catalog = GlueCatalog::new(self.access.clone(), CatalogOptions::default());
        let tables = catalog.tables().await?;
        let names: Vec<&str> = tables
            .iter()
            .map(|table| table.name.table.as_str())
            .collect();
        assert_eq!(names, TABLES, "{}", self.case);
        Ok(End::Whole)
    }

    async fn identity(&self) -> Result<End, QueryError> {
        let identity = self.access.identity().await?;
        assert_eq!(identity.account, "000000000000", "{}", self.case);
        Ok(End::Whole)
    }

    fn assert_whole(&self, table: &Table) {
        let expected: Vec<Row> = (1..=ROWS)
            .map(|number| vec![Some(number.to_string()); 2])
            .collect();
        let count = table.rows.len();
        assert!(table.rows == expected, "{}: {count} rows", self.case);
    }
}
