//! Queries of a lake on AWS: on Athena, with short table names written out; over files that were
//! named, on the embedded engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::lake::{lower_case, quoted};
use crate::adapters::athena::AthenaService;
use crate::adapters::catalog::GlueCatalog;
use crate::adapters::engine::Engine;
use crate::domain::lake::Source;
use crate::domain::query::{QueryError, QueryRequest, ScanEstimate};
use crate::ports::{Catalog, QueryService, RunControl, RunningQuery};
use crate::sql::aliases::{Expanded, expand};

/// Athena, with the embedded engine for what Athena cannot see.
pub(super) struct OnAws {
    athena: AthenaService,
    embedded: Engine,
    catalog: Arc<GlueCatalog>,
    /// The configuration's.
    aliases: BTreeMap<String, String>,
}

impl OnAws {
    pub(super) fn new(
        athena: AthenaService,
        embedded: Engine,
        catalog: Arc<GlueCatalog>,
        aliases: &BTreeMap<String, String>,
    ) -> Self {
        Self {
            athena,
            embedded,
            catalog,
            aliases: lower_case(aliases),
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
                let (database, name) = (quoted(&table.name.database), quoted(&table.name.table));
                aliases
                    .entry(alias.clone())
                    .or_insert_with(|| format!("{database}.{name}"));
            }
        }
        Ok(expand(sql, &aliases))
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
        if !request.attached.is_empty() {
            return self.embedded.start(request, control).await;
        }
        let expanded = self.written_out(&request.sql).await?;
        request.sql.clone_from(&expanded.sql);
        let started = self.athena.start(request, control).await;
        started.map_err(|error| in_the_original(error, &expanded))
    }

    async fn estimate(&self, mut request: QueryRequest) -> Result<ScanEstimate, QueryError> {
        if !request.attached.is_empty() {
            return self.embedded.estimate(request).await;
        }
        let expanded = self.written_out(&request.sql).await?;
        request.sql.clone_from(&expanded.sql);
        let estimate = self.athena.estimate(request).await;
        estimate.map_err(|error| in_the_original(error, &expanded))
    }
}

/// The same error with its place in the text that a person wrote.
fn in_the_original(mut error: QueryError, expanded: &Expanded) -> QueryError {
    error.position = error
        .position
        .map(|position| expanded.original_position(position));
    error
}
