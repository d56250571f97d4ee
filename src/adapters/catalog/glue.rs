//! Tables as Glue tells them.

use std::collections::BTreeMap;

use aws_sdk_glue::types::{Column, Table, TableIdentifier};

use super::CatalogOptions;
use crate::adapters::aws::{AwsAccess, again};
use crate::domain::lake::{Source, SourceVersion, TableName, recognise, told_by_name};
use crate::domain::query::{QueryError, QueryErrorKind};
use crate::ports::{ColumnInfo, TableInfo};

/// How a database of Security Lake begins.
const DATABASE: &str = "amazon_security_lake_glue_db_";

/// Every table of the wanted databases, sorted by name.
pub(super) async fn tables(
    access: &AwsAccess,
    options: &CatalogOptions,
) -> Result<Vec<TableInfo>, QueryError> {
    let asked = !options.databases.is_empty();
    let databases = if asked {
        options.databases.clone()
    } else {
        databases(access).await?
    };
    let mut tables = Vec::new();
    for database in &databases {
        for table in tables_of(access, database).await? {
            let info = describe(access, database, table).await;
            // A database that nobody asked for by name counts for its tables of a lake alone.
            if asked || info.source.is_some() || database.starts_with(DATABASE) {
                tables.push(info);
            }
        }
    }
    if tables.is_empty() {
        let searched = if databases.is_empty() {
            "no database is visible".to_owned()
        } else {
            format!("no table is visible in {}", databases.join(", "))
        };
        return Err(QueryError::new(QueryErrorKind::Denied, searched).with_hint(
            "the subscriber needs a resource link to the lake's database, and SELECT and DESCRIBE \
             on each table in Lake Formation; name the database in the profile's `databases`",
        ));
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    name_short(&mut tables, &options.aliases);
    Ok(tables)
}

async fn databases(access: &AwsAccess) -> Result<Vec<String>, QueryError> {
    let client = access.glue();
    let mut names = Vec::new();
    let mut next = None;
    loop {
        let page = again(|| client.get_databases().set_next_token(next.clone()).send()).await;
        let page = page.map_err(|error| access.fault("glue:GetDatabases", &error))?;
        names.extend(page.database_list.into_iter().map(|database| database.name));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    names.sort();
    Ok(names)
}

async fn tables_of(access: &AwsAccess, database: &str) -> Result<Vec<Table>, QueryError> {
    let client = access.glue();
    let mut tables = Vec::new();
    let mut next = None;
    loop {
        let ask = || {
            let request = client.get_tables().database_name(database);
            request.set_next_token(next.clone()).send()
        };
        let page = again(ask).await;
        let page = page.map_err(|error| access.fault("glue:GetTables", &error))?;
        tables.extend(page.table_list.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(tables);
        }
    }
}

/// A table with its columns and its place; a resource link has those of the table that it points to.
async fn describe(access: &AwsAccess, database: &str, table: Table) -> TableInfo {
    let mut columns = columns_of(&table);
    let mut location = location_of(&table);
    let mut real = TableName {
        database: database.to_owned(),
        table: table.name.clone(),
    };
    if let Some(target) = &table.target_table {
        if let (Some(database), Some(name)) = (&target.database_name, &target.name) {
            real = TableName {
                database: database.clone(),
                table: name.clone(),
            };
        }
        if columns.is_empty() || location.is_none() {
            match linked(access, target).await {
                Ok((found, place)) => {
                    if columns.is_empty() {
                        columns = found;
                    }
                    location = location.or(place);
                }
                // A link whose target is out of reach is still a name that can be queried.
                Err(error) => tracing::warn!(table = %real, %error, "a link's columns are unknown"),
            }
        }
    }
    let told = told_by_name(&real.table);
    let recognised = || recognise(columns.iter().map(|column| column.name.as_str()));
    let (source, version) = told.or_else(recognised).unzip();
    TableInfo {
        name: TableName {
            database: database.to_owned(),
            table: table.name,
        },
        alias: None,
        source,
        version,
        columns,
        location,
        files: None,
        bytes: None,
    }
}

async fn linked(
    access: &AwsAccess,
    target: &TableIdentifier,
) -> Result<(Vec<ColumnInfo>, Option<String>), QueryError> {
    let found = access
        .glue()
        .get_table()
        .set_catalog_id(target.catalog_id.clone())
        .set_database_name(target.database_name.clone())
        .set_name(target.name.clone())
        .send()
        .await
        .map_err(|error| access.fault("glue:GetTable", &error))?;
    let table = found.table.as_ref();
    Ok((
        table.map(columns_of).unwrap_or_default(),
        table.and_then(location_of),
    ))
}

fn location_of(table: &Table) -> Option<String> {
    let stored = table.storage_descriptor.as_ref()?;
    stored.location.clone().filter(|place| !place.is_empty())
}

fn columns_of(table: &Table) -> Vec<ColumnInfo> {
    let info = |column: &Column, partition| ColumnInfo {
        name: column.name.to_lowercase(),
        type_text: column.r#type.clone().unwrap_or_default(),
        partition,
    };
    let stored = table.storage_descriptor.as_ref();
    let columns = stored.map(|stored| stored.columns()).unwrap_or_default();
    let own = columns.iter().map(|column| info(column, false));
    let partitions = table.partition_keys().iter().map(|key| info(key, true));
    own.chain(partitions).collect()
}

/// The lake Region in a table's own name.
pub(super) fn region_of(name: &TableName) -> Option<String> {
    let region = name.database.strip_prefix(DATABASE)?;
    Some(region.replace('_', "-"))
}

/// Gives tables their short names: the configuration's first, then each source's own to its only
/// table, of the newer version where there are both.
fn name_short(tables: &mut [TableInfo], aliases: &BTreeMap<String, String>) {
    for (alias, target) in aliases {
        let target = target.replace(['"', '`'], "").to_lowercase();
        let named = tables
            .iter_mut()
            .find(|table| table.name.to_string() == target || table.name.table == target);
        if let Some(table) = named {
            table.alias = Some(alias.to_lowercase());
            let own = |source: &Source| source.alias() == alias.as_str();
            if let Some(source) = Source::ALL.into_iter().find(own) {
                table.source = Some(source);
                table.version = table.version.or(Some(SourceVersion::V2));
            }
        }
    }
    for source in Source::ALL {
        if tables
            .iter()
            .any(|table| table.alias.as_deref() == Some(source.alias()))
        {
            continue;
        }
        for version in [SourceVersion::V2, SourceVersion::V1] {
            let mut holders = tables
                .iter_mut()
                .filter(|table| table.source == Some(source) && table.version == Some(version));
            match (holders.next(), holders.next()) {
                (Some(only), None) => {
                    only.alias.get_or_insert_with(|| source.alias().to_owned());
                    break;
                }
                // Of several, none is the one that is meant: the configuration says which.
                (Some(_), Some(_)) => break,
                (None, _) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(database: &str, name: &str) -> TableInfo {
        let (source, version) = told_by_name(name).unzip();
        TableInfo {
            name: TableName {
                database: database.to_owned(),
                table: name.to_owned(),
            },
            alias: None,
            source,
            version,
            columns: Vec::new(),
            location: None,
            files: None,
            bytes: None,
        }
    }

    fn aliases(tables: &[TableInfo]) -> Vec<Option<&str>> {
        tables.iter().map(|table| table.alias.as_deref()).collect()
    }

    #[test]
    fn the_only_table_of_a_source_has_its_short_name() {
        let mut tables = [
            table("db", "amazon_security_lake_table_us_east_1_vpc_flow_1_0"),
            table("db", "amazon_security_lake_table_us_east_1_vpc_flow_2_0"),
            table("db", "amazon_security_lake_table_us_east_1_waf_2_0"),
            table("db", "amazon_security_lake_table_eu_west_1_waf_2_0"),
        ];
        name_short(&mut tables, &BTreeMap::new());
        assert_eq!(aliases(&tables), [None, Some("vpc_flow"), None, None]);
    }

    #[test]
    fn the_configuration_names_tables_first() {
        let mut tables = [
            table("links", "flows_of_the_north"),
            table("db", "amazon_security_lake_table_us_east_1_vpc_flow_2_0"),
        ];
        let told = BTreeMap::from([(
            "vpc_flow".to_owned(),
            "\"links\".\"flows_of_the_north\"".to_owned(),
        )]);
        name_short(&mut tables, &told);
        assert_eq!(aliases(&tables), [Some("vpc_flow"), None]);
        assert_eq!(tables[0].source, Some(Source::VpcFlow));
        assert_eq!(tables[0].version, Some(SourceVersion::V2));
    }
}
