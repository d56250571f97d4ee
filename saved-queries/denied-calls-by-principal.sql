-- name: denied-calls-by-principal
-- purpose: Principals whose calls were denied, by how many different operations they tried.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    count(*) AS denied,
    count(DISTINCT api.operation) AS operations,
    array_agg(DISTINCT api.service.name) AS services,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (api.response.error LIKE '%AccessDenied%' OR api.response.error LIKE '%Unauthorized%' OR api.response.error LIKE '%NotPermitted%')
GROUP BY 1, 2, 3
ORDER BY operations DESC, denied DESC
LIMIT 1000;
