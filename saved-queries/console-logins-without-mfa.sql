-- name: console-logins-without-mfa
-- purpose: Successful sign-ins to the console without a second factor.
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
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'ConsoleLogin'
  AND status = 'Success'
  AND NOT COALESCE(is_mfa, false)
  AND COALESCE(element_at(unmapped, 'additionalEventData.MFAUsed'), 'No') <> 'Yes'
ORDER BY time_dt DESC
LIMIT 5000;
