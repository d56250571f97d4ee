-- name: findings-with-address
-- purpose: Detections in whose evidence an address stands.
-- classes: 2004
-- tables: sh_findings
-- param: ip ip "Address of the actor"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    severity,
    finding_info.title,
    array_join(finding_info.types, ', ') AS types,
    array_join(transform(resources, r -> r.uid), ', ') AS affected,
    finding_info.uid AS finding
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_sh_findings_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    any_match(observables, o -> o.value = /* :ip */ '192.0.2.1')
    OR any_match(evidences, e -> e.actor.src_endpoint.ip = /* :ip */ '192.0.2.1')
  )
ORDER BY time_dt DESC
LIMIT 5000;
