-- name: denied-calls
-- purpose: Every denied call with its message, newest first.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    api.service.name AS service,
    api.operation,
    api.response.error AS error,
    api.response.message
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (api.response.error LIKE '%AccessDenied%' OR api.response.error LIKE '%Unauthorized%' OR api.response.error LIKE '%NotPermitted%')
ORDER BY time_dt DESC
LIMIT 5000;
