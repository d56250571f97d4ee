-- name: console-logins
-- purpose: Sign-ins to the console with their result and second factor.
-- classes: 3002
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.uid AS principal,
    actor.user.type AS principal_type,
    src_endpoint.ip AS address,
    status,
    is_mfa,
    element_at(unmapped, 'additionalEventData.MFAUsed') AS mfa_used,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'ConsoleLogin'
ORDER BY time_dt DESC
LIMIT 5000;
