-- name: waf-by-address
-- purpose: What an address asked the web application for.
-- classes: 4002
-- tables: waf
-- param: ip ip "Address of the client"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    http_request.http_method AS method,
    http_request.url.hostname,
    http_request.url.path,
    http_request.args,
    action,
    firewall_rule.uid AS rule,
    http_status,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_waf_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND src_endpoint.ip = /* :ip */ '192.0.2.1'
ORDER BY time_dt
LIMIT 5000;
