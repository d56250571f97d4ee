//! The names that one query sees: the lake's tables of this moment and its attached files.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, Field};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider};
use datafusion::common::Result;
use datafusion::datasource::TableProvider;

use super::columns_of::ColumnsOf;
use super::footer::FooterCache;
use super::information::{INFORMATION_SCHEMA, InformationSchema};
use super::lake::remote::RemoteLake;
use super::lake::{FOLDER_DATABASE, NamedTable, Names, PATH_COLUMN, Snapshot, TableKey};
use super::provider::LakeTable;
use super::scout::Scout;
use super::watch::Watch;

/// The catalogue's name in Athena.
pub(super) const CATALOG: &str = "awsdatacatalog";

/// What one query sees.
#[derive(Debug)]
pub(super) struct Scope {
    pub snapshot: Arc<Snapshot>,
    pub names: Arc<Names>,
    pub footers: Arc<FooterCache>,
    /// The lake, where it is on S3.
    pub remote: Option<Arc<RemoteLake>>,
    /// Who looks for its objects while nothing is read yet.
    pub scout: Option<Arc<Scout>>,
    pub columns: Arc<ColumnsOf>,
    pub watch: Arc<Watch>,
    pub threads: usize,
    /// Whether every file's columns count, not only a sample's.
    pub deep: bool,
    /// Whether tables have the hidden column that tells each row's file.
    pub path: bool,
    /// Attached files by table name, lower-case.
    pub attached: BTreeMap<String, Arc<dyn TableProvider>>,
    /// Tables already made for this query.
    pub made: Mutex<HashMap<Vec<String>, Arc<LakeTable>>>,
}

impl Scope {
    /// A table by its name's parts: database and table, or the table alone.
    pub(super) fn find(&self, parts: &[&str]) -> Option<Arc<dyn TableProvider>> {
        if let [table] = parts
            && let Some(attached) = self.attached.get(&table.to_lowercase())
        {
            return Some(Arc::clone(attached));
        }
        let named = self.names.find(parts)?;
        let key: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let table = made.entry(key).or_insert_with(|| self.make(named, parts));
        Some(Arc::clone(table) as Arc<dyn TableProvider>)
    }

    fn make(&self, named: &NamedTable, parts: &[&str]) -> Arc<LakeTable> {
        let files = named.files(&self.snapshot);
        self.tell_of_other_regions(named, files.len());
        let name = parts
            .last()
            .map_or_else(String::new, |name| (*name).to_owned());
        let mut columns = self.columns.get(
            &named.key,
            &self.snapshot,
            self.deep,
            &self.footers,
            self.threads,
            &self.watch,
        );
        if self.path {
            let path = Field::new(PATH_COLUMN, DataType::Utf8View, true);
            columns.partitions.push(Arc::new(path));
        }
        let remote = self.remote.as_ref();
        Arc::new(LakeTable {
            name,
            key: named.key.clone(),
            schema: columns.all(),
            columns,
            files,
            roots: remote.map_or_else(Vec::new, |lake| lake.roots(named)),
            store: remote.map(|lake| Arc::clone(&lake.store)),
            scout: self.scout.clone(),
            footers: Arc::clone(&self.footers),
            watch: Arc::clone(&self.watch),
            threads: self.threads,
        })
    }
}

impl Scope {
    /// A table of one Region in a lake of several answers for that Region alone: an empty answer
    /// would seem to speak for all.
    fn tell_of_other_regions(&self, named: &NamedTable, held: usize) {
        let (Some(region), TableKey::Native(source, version)) = (&named.region, &named.key) else {
            return;
        };
        let elsewhere = self.snapshot.files(&named.key).len() - held;
        // Of a lake on S3 only that Region's objects were looked for.
        if elsewhere > 0 && self.remote.is_none() {
            self.watch.note(format!(
                "{} holds the objects of {region} alone; {elsewhere} objects of other Regions are \
                 in `{}_{}`, which spans them all",
                named.name.table,
                source.alias(),
                version.suffix()
            ));
        }
    }
}

/// The scope as DataFusion's list of catalogues.
#[derive(Debug)]
pub(super) struct Catalogues(pub Arc<Scope>);

impl CatalogProviderList for Catalogues {
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![CATALOG.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        name.eq_ignore_ascii_case(CATALOG)
            .then(|| Arc::new(Catalogue(Arc::clone(&self.0))) as Arc<dyn CatalogProvider>)
    }
}

#[derive(Debug)]
struct Catalogue(Arc<Scope>);

impl CatalogProvider for Catalogue {
    fn schema_names(&self) -> Vec<String> {
        let databases = self.0.names.databases().into_iter().map(str::to_owned);
        databases.chain([INFORMATION_SCHEMA.to_owned()]).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let name = name.to_lowercase();
        if name == INFORMATION_SCHEMA {
            return Some(Arc::new(InformationSchema(Arc::clone(&self.0))));
        }
        self.0.names.databases().contains(name.as_str()).then(|| {
            Arc::new(Database {
                scope: Arc::clone(&self.0),
                name,
            }) as Arc<dyn SchemaProvider>
        })
    }
}

#[derive(Debug)]
struct Database {
    scope: Arc<Scope>,
    name: String,
}

impl Database {
    fn find(&self, table: &str) -> Option<Arc<dyn TableProvider>> {
        // A bare name is looked up in the default database: there it means any database's table.
        if self.name == FOLDER_DATABASE {
            self.scope.find(&[table])
        } else {
            self.scope.find(&[&self.name, table])
        }
    }
}

#[async_trait]
impl SchemaProvider for Database {
    fn table_names(&self) -> Vec<String> {
        self.scope
            .names
            .listed()
            .iter()
            .filter(|table| table.name.database == self.name)
            .map(|table| table.name.table.clone())
            .collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.find(name))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}
