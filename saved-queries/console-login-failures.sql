-- name: console-login-failures
-- purpose: Failed sign-ins by principal and address, with whether one succeeded.
-- classes: 3002
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    COALESCE(actor.user.uid, user.name) AS principal,
    src_endpoint.ip AS address,
    count_if(status = 'Failure') AS failures,
    count_if(status = 'Success') AS successes,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'ConsoleLogin'
GROUP BY 1, 2
HAVING count_if(status = 'Failure') > 0
ORDER BY failures DESC
LIMIT 1000;
