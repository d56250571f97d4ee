-- name: root-use
-- purpose: Everything that the root users did.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    src_endpoint.ip AS address,
    api.service.name AS service,
    api.operation,
    status,
    is_mfa,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND actor.user.type = 'Root'
  AND actor.invoked_by IS NULL
ORDER BY time_dt DESC
LIMIT 5000;
