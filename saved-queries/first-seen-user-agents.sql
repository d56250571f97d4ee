-- name: first-seen-user-agents
-- purpose: Tools that a principal used for the first time within the last day of the search.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    http_request.user_agent,
    min(time_dt) AS first_seen,
    count(*) AS calls,
    array_agg(DISTINCT src_endpoint.ip) AS addresses
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND http_request.user_agent IS NOT NULL
GROUP BY 1, 2
HAVING min(time_dt) >= /* :to */ (current_timestamp) - INTERVAL '1' DAY
ORDER BY first_seen DESC
LIMIT 5000;
