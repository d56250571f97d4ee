//! DataFusion's session: settings once for the engine, names anew for each query.

#![allow(
    clippy::disallowed_methods,
    reason = "this room makes the folder that queries spill into"
)]

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::early::RowsEarly;
use super::lake::FOLDER_DATABASE;
use super::lambdas::LambdasApart;
use super::scope::{CATALOG, Catalogues, Scope};
use super::{dialect, functions};

/// Below this many bytes of memory, batches are small: a sort merges what it has spilled with one
/// batch of each run in memory.
const SMALL_MEMORY: usize = 32 << 20;

/// Rows of a batch where memory is small.
const SMALL_BATCH: usize = 1_024;

/// The state that every query's session starts from.
pub(super) fn template(
    memory_bytes: usize,
    threads: usize,
    spill_dir: Option<PathBuf>,
) -> Result<SessionState> {
    let spill = match spill_dir {
        Some(dir) => {
            std::fs::create_dir_all(&dir).map_err(|error| {
                DataFusionError::ResourcesExhausted(format!(
                    "the folder {} for what does not fit into memory cannot be made: {error}",
                    dir.display()
                ))
            })?;
            DiskManagerMode::Directories(vec![dir])
        }
        None => DiskManagerMode::OsTmpDirectory,
    };
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(spill))
        .build_arc()?;
    let mut builder = SessionStateBuilder::new()
        .with_config(config(memory_bytes, threads))
        .with_runtime_env(runtime)
        .with_default_features();
    let rules = &mut builder.physical_optimizers().get_or_insert_default().rules;
    rules.insert(0, Arc::new(LambdasApart));
    rules.push(Arc::new(RowsEarly));
    let context = SessionContext::new_with_state(dialect::register(builder).build());
    functions::register(&context);
    Ok(context.state())
}

fn config(memory_bytes: usize, threads: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, FOLDER_DATABASE);
    if memory_bytes < SMALL_MEMORY {
        config = config.with_batch_size(SMALL_BATCH);
    }
    let options = config.options_mut();
    // Trino puts NULLs last, whichever way it sorts.
    options.sql_parser.default_null_ordering = "nulls_last".to_owned();
    options.sql_parser.collect_spans = true;
    options.execution.time_zone = Some("UTC".to_owned());
    // Filters decide on the few columns that they name before the others are decoded.
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    // The largest share of memory that one sort keeps back for merging what it has spilled.
    let reserve = options.execution.sort_spill_reservation_bytes;
    options.execution.sort_spill_reservation_bytes = reserve.min(memory_bytes / 16);
    config
}

/// The state of one query's session.
///
/// A clone with another catalogue, not a state built anew: building registers every function again
/// in no order, so that an alias of DataFusion's could take the place of a function of ours.
pub(super) fn for_query(template: &SessionState, scope: &Arc<Scope>) -> SessionState {
    let mut state = template.clone();
    // Each query has a present of its own.
    state.mark_start_execution();
    state.register_catalog_list(Arc::new(Catalogues(Arc::clone(scope))));
    state
}
