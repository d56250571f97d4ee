-- name: rare-api-calls
-- purpose: Operations that only one or two principals call, the rarest first.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: calls integer "Calls at most"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    api.service.name AS service,
    api.operation,
    count(*) AS calls,
    count(DISTINCT actor.user.uid) AS principals,
    arbitrary(actor.user.uid) AS a_principal,
    arbitrary(src_endpoint.ip) AS an_address,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1, 2
HAVING count(DISTINCT actor.user.uid) <= 2 AND count(*) <= /* :calls */ 20
ORDER BY calls, first_seen DESC
LIMIT 1000;
