use super::*;

fn type_of(source: Source, version: SourceVersion, column: &str) -> String {
    let schema = documented_schema(source, version).unwrap();
    athena_type(schema.field_with_name(column).unwrap().data_type())
}

#[test]
fn every_source_that_exists_in_a_version_has_a_schema() {
    for version in [SourceVersion::V1, SourceVersion::V2] {
        for source in Source::ALL {
            let schema = documented_schema(source, version);
            assert_eq!(schema.is_some(), source.exists_in(version), "{source}");
        }
    }
}

#[test]
fn types_read_as_athena_spells_them() {
    let trail = |column| type_of(Source::CloudTrailMgmt, SourceVersion::V2, column);
    assert_eq!(
        trail("actor"),
        "struct<user:struct<type:string,name:string,uid_alt:string,uid:string,\
         account:struct<uid:string>,credential_uid:string>,\
         session:struct<created_time_dt:timestamp,is_mfa:boolean,issuer:string>,\
         invoked_by:string,idp:struct<name:string>>"
    );
    assert_eq!(trail("unmapped"), "map<string,string>");
    assert_eq!(trail("time"), "bigint");
    assert_eq!(
        trail("observables"),
        "array<struct<name:string,value:string,type:string,type_id:int>>"
    );
    let findings = type_of(Source::ShFindings, SourceVersion::V2, "vulnerabilities");
    assert!(findings.contains("cvss:array<struct<base_score:decimal(3,1),"));
    let old = type_of(Source::ShFindings, SourceVersion::V1, "vulnerabilities");
    assert!(old.contains("cvss:struct<base_score:float,"));
}

#[test]
fn column_counts_match_the_documentation() {
    let counts = |version| {
        Source::ALL.map(|source| documented_schema(source, version).map_or(0, |s| s.fields().len()))
    };
    assert_eq!(counts(SourceVersion::V2), [27, 27, 27, 23, 26, 26, 27, 24]);
    assert_eq!(counts(SourceVersion::V1), [24, 24, 24, 0, 23, 23, 23, 0]);
}

#[test]
fn no_column_of_the_path_is_in_a_file() {
    for version in [SourceVersion::V1, SourceVersion::V2] {
        for source in Source::ALL {
            let Some(schema) = documented_schema(source, version) else {
                continue;
            };
            for partition in partition_columns() {
                assert!(schema.field_with_name(partition.name()).is_err());
            }
        }
    }
}
