-- name: reconnaissance
-- purpose: Keys that read many different things within an hour: somebody is looking around.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: operations integer "Different operations within an hour, at least"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    date_trunc('hour', time_dt) AS hour,
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    count(DISTINCT api.operation) AS operations,
    count(DISTINCT api.service.name) AS services,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND regexp_like(api.operation, '^(Get|List|Describe|Lookup)')
  AND actor.user.credential_uid IS NOT NULL
GROUP BY 1, 2, 3, 4
HAVING count(DISTINCT api.operation) >= /* :operations */ 12
ORDER BY failed DESC, operations DESC
LIMIT 1000;
