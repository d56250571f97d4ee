-- name: new-findings
-- purpose: Findings that were raised, the gravest and newest first.
-- classes: 2002, 2003, 2004
-- tables: sh_findings
-- param: severity integer "Severity at least: 1 informational to 5 critical"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    severity,
    metadata.product.name AS product,
    finding_info.title,
    array_join(finding_info.types, ', ') AS types,
    array_join(transform(resources, r -> r.uid), ', ') AS affected,
    status,
    finding_info.uid AS finding
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_sh_findings_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND activity_name = 'Create'
  AND severity_id >= /* :severity */ 3
ORDER BY severity_id DESC, time_dt DESC
LIMIT 5000;
