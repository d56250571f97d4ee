-- name: api-by-access-key
-- purpose: Everything that was done with an access key, oldest first.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: access_key access-key "Access key id, of a user (AKIA…) or a session (ASIA…)"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    region,
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.service.name AS service,
    api.operation,
    status,
    api.response.error AS error,
    http_request.user_agent,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND actor.user.credential_uid = /* :access_key */ 'AKIAIOSFODNN7EXAMPLE'
ORDER BY time_dt
LIMIT 5000;
