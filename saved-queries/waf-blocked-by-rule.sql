-- name: waf-blocked-by-rule
-- purpose: Requests that the web firewall blocked, by rule.
-- classes: 4002
-- tables: waf
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    firewall_rule.uid AS rule,
    firewall_rule.type AS rule_type,
    count(*) AS requests,
    count(DISTINCT src_endpoint.ip) AS addresses,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_waf_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (disposition = 'Blocked' OR action = 'Denied')
GROUP BY 1, 2
ORDER BY requests DESC
LIMIT 1000;
