-- name: access-key-summary
-- purpose: Where, when and for what an access key was used, one row an address and tool.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: access_key access-key "Access key id"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    http_request.user_agent,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    count(DISTINCT api.operation) AS operations,
    array_agg(DISTINCT api.service.name) AS services,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND actor.user.credential_uid = /* :access_key */ 'AKIAIOSFODNN7EXAMPLE'
GROUP BY 1, 2, 3
ORDER BY first_seen
LIMIT 1000;
