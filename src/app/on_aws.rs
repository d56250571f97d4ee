//! Queries of a lake on AWS: on Athena, with short table names written out; over files that were
//! named, or over the lake's own objects where that is asked for, on the embedded engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::direct::Direct;
use super::lake::in_a_statement;
use crate::adapters::athena::AthenaService;
use crate::adapters::catalog::GlueCatalog;
use crate::adapters::engine::Engine;
use crate::domain::cost::Price;
use crate::domain::estimate::{Effort, combine};
use crate::domain::lake::Source;
use crate::domain::query::{
    QueryError, QueryErrorKind, QueryRequest, Route, ScanEstimate, UnfinishedRun,
};
use crate::ports::{Catalog, QueryService, RunControl, RunningQuery};
use crate::sql::aliases::{Expanded, expand};

/// How long the objects of the tables may be counted for an estimate.
const COUNT_WITHIN: Duration = Duration::from_secs(20);

/// Athena, with the embedded engine for what Athena cannot see.
pub(super) struct OnAws {
    athena: AthenaService,
    embedded: Arc<Engine>,
    direct: Direct,
    catalog: Arc<GlueCatalog>,
    /// The configuration's, in lower case.
    aliases: BTreeMap<String, String>,
}

impl OnAws {
    pub(super) fn new(
        athena: AthenaService,
        embedded: Arc<Engine>,
        direct: Direct,
        catalog: Arc<GlueCatalog>,
        aliases: &BTreeMap<String, String>,
    ) -> Self {
        let lower = |(alias, target): (&String, &String)| (alias.to_lowercase(), target.clone());
        Self {
            athena,
            embedded,
            direct,
            catalog,
            aliases: aliases.iter().map(lower).collect(),
        }
    }

    /// Takes up a run that the journal knows.
    async fn take_up(&self, token: &str, control: RunControl) -> Result<RunningQuery, QueryError> {
        let known = self.athena.unfinished().await?;
        match known.into_iter().find(|known| known.run.token == token) {
            Some(known) => self.athena.resume(known, control).await,
            None => Err(QueryError::new(
                QueryErrorKind::UnknownName,
                "the run has ended in the meantime, or another start of the program has taken it up",
            )),
        }
    }

    /// The statement with its short names written out. The catalogue is asked only where a source's
    /// own short name stands in it that the configuration does not explain.
    async fn written_out(&self, sql: &str) -> Result<Expanded, QueryError> {
        let expanded = expand(sql, &self.aliases);
        let own: BTreeMap<String, String> = Source::ALL
            .into_iter()
            .map(|source| (source.alias().to_owned(), String::new()))
            .filter(|(alias, _)| !self.aliases.contains_key(alias))
            .collect();
        if expand(sql, &own).sql == sql {
            return Ok(expanded);
        }
        let mut aliases = self.aliases.clone();
        for table in self.catalog.tables().await? {
            if let Some(alias) = &table.alias {
                aliases
                    .entry(alias.clone())
                    .or_insert_with(|| in_a_statement(&table.name));
            }
        }
        Ok(expand(sql, &aliases))
    }

    /// What a statement would read of the tables' own objects, where they may be read.
    async fn counted(
        &self,
        mut request: QueryRequest,
        effort: Effort,
    ) -> Result<ScanEstimate, QueryError> {
        let engine = self.direct.engine().await?;
        let expanded = self.for_the_engine(&request.sql).await;
        request.sql.clone_from(&expanded.sql);
        let estimate = engine.estimate(request, effort).await;
        estimate.map_err(|error| in_the_original(error, &expanded))
    }

    /// The statement for the embedded engine, which knows the sources' short names by itself: where
    /// the catalogue is refused, it explains them, and the configuration the others.
    async fn for_the_engine(&self, sql: &str) -> Expanded {
        match self.written_out(sql).await {
            Ok(expanded) if self.catalog.tables().await.is_ok() => expanded,
            _ => {
                let own = |alias: &str| Source::ALL.into_iter().any(|own| own.alias() == alias);
                let mut aliases = self.aliases.clone();
                aliases.retain(|alias, _| !own(alias));
                expand(sql, &aliases)
            }
        }
    }
}

#[async_trait]
impl QueryService for OnAws {
    fn name(&self) -> &str {
        self.athena.name()
    }

    async fn start(
        &self,
        mut request: QueryRequest,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        if let Some(token) = &request.resume {
            return self.take_up(token, control).await;
        }
        if request.route == Route::Direct {
            let engine = self.direct.engine().await?;
            let expanded = self.for_the_engine(&request.sql).await;
            request.sql.clone_from(&expanded.sql);
            let started = engine.start(request, control).await;
            return started.map_err(|error| in_the_original(error, &expanded));
        }
        if !request.attached.is_empty() {
            return self.embedded.start(request, control).await;
        }
        let expanded = self.written_out(&request.sql).await?;
        request.sql.clone_from(&expanded.sql);
        let started = self.athena.start(request, control).await;
        started.map_err(|error| in_the_original(error, &expanded))
    }

    async fn unfinished(&self) -> Result<Vec<UnfinishedRun>, QueryError> {
        let known = self.athena.unfinished().await?;
        let told = known.into_iter().map(|known| UnfinishedRun {
            token: known.run.token,
            sql: known.run.sql,
            parameters: known.run.parameters,
            begun_at: known.begun_at,
        });
        Ok(told.collect())
    }

    async fn estimate(
        &self,
        mut request: QueryRequest,
        effort: Effort,
    ) -> Result<ScanEstimate, QueryError> {
        if request.route == Route::Direct {
            return self.counted(request, effort).await;
        }
        if !request.attached.is_empty() {
            return self.embedded.estimate(request, effort).await;
        }
        let expanded = self.written_out(&request.sql).await?;
        request.sql.clone_from(&expanded.sql);
        let told = self.athena.estimate(request.clone(), effort).await;
        let told = told.map_err(|error| in_the_original(error, &expanded))?;
        if effort == Effort::Quick {
            return Ok(told);
        }
        let counted = timeout(COUNT_WITHIN, self.counted(request, effort)).await;
        let counted = counted.unwrap_or_else(|_| Err(too_many_to_count()));
        Ok(with_counts(told, counted, self.athena.scan_price()))
    }
}

fn too_many_to_count() -> QueryError {
    QueryError::new(
        QueryErrorKind::Resources,
        format!("that took more than {} seconds", COUNT_WITHIN.as_secs()),
    )
}

/// What Athena's side tells together with what was counted; where nothing could be counted, the
/// former alone, and a note says why.
fn with_counts(
    mut told: ScanEstimate,
    counted: Result<ScanEstimate, QueryError>,
    price: Option<Price>,
) -> ScanEstimate {
    match counted {
        Ok(counted) if counted.files_known > 0 => {
            // Athena also leaves out parts of objects by their statistics, and fetches no gaps.
            let counted = ScanEstimate {
                bytes: 0,
                ..counted
            };
            combine(counted, told, price)
        }
        // Tables of another format than Parquet have no objects that could be counted.
        Ok(_) => told,
        Err(error) => {
            told.notes.push(format!(
                "the tables' objects were not counted: {}",
                error.message
            ));
            told
        }
    }
}

/// The same error with its place in the text that a person wrote.
fn in_the_original(mut error: QueryError, expanded: &Expanded) -> QueryError {
    error.position = error
        .position
        .map(|position| expanded.original_position(position));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_goes_first_and_a_failed_count_is_said() {
        let told = || ScanEstimate {
            bytes_at_most: Some(9_000),
            basis: vec!["statistics".to_owned()],
            ..ScanEstimate::default()
        };
        let counted = ScanEstimate {
            bytes: 5_000,
            bytes_at_most: Some(5_000),
            files: 3,
            files_known: 7,
            ..ScanEstimate::default()
        };
        let nothing = with_counts(told(), Ok(ScanEstimate::default()), None);
        assert_eq!(nothing, told(), "tables of another format");
        let both = with_counts(told(), Ok(counted), None);
        assert_eq!((both.bytes, both.bytes_at_most), (0, Some(5_000)));
        assert_eq!(both.files, 3);
        assert_eq!(both.basis.len(), 2);
        let denied = QueryError::new(QueryErrorKind::Denied, "AWS refused s3:ListBucket");
        let alone = with_counts(told(), Err(denied), None);
        assert_eq!(alone.bytes_at_most, Some(9_000));
        assert!(alone.notes[0].ends_with("s3:ListBucket"), "{alone:?}");
    }
}
