-- name: waf-scanners
-- purpose: Addresses that were blocked on several paths: scanners at work.
-- classes: 4002
-- tables: waf
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS address,
    src_endpoint.location.country AS country,
    count(*) AS requests,
    count_if(action = 'Denied') AS blocked,
    count(DISTINCT http_request.url.path) AS paths,
    array_agg(DISTINCT firewall_rule.uid) AS rules,
    arbitrary(http_request.user_agent) AS a_user_agent,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_waf_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1, 2
HAVING count_if(action = 'Denied') >= 2 AND count(DISTINCT http_request.url.path) >= 2
ORDER BY paths DESC, blocked DESC
LIMIT 1000;
