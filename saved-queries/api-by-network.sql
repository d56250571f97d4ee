-- name: api-by-network
-- purpose: Who called from a network, with the services and the span of time.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: network cidr "Network of the callers"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS address,
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    array_agg(DISTINCT api.service.name) AS services,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND contains(/* :network */ '192.0.2.0/24', TRY_CAST(src_endpoint.ip AS IPADDRESS))
GROUP BY 1, 2, 3
ORDER BY calls DESC
LIMIT 1000;
