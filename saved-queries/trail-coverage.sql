-- name: trail-coverage
-- purpose: Which accounts and Regions deliver CloudTrail, and when the last event came.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    accountid,
    region,
    count(*) AS events,
    count(DISTINCT actor.user.uid) AS principals,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen,
    date_diff('minute', max(time_dt), /* :to */ (current_timestamp)) AS minutes_ago
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1, 2
ORDER BY last_seen
LIMIT 1000;
