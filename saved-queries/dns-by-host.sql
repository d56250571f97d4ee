-- name: dns-by-host
-- purpose: Names that a host asked for, the most frequent first.
-- classes: 4003
-- tables: route53
-- param: host text "Address or instance id of the host"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    query.hostname,
    query.type,
    count(*) AS queries,
    count_if(rcode <> 'NoError') AS unanswered,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :host */ '192.0.2.1' IN (src_endpoint.ip, src_endpoint.instance_uid)
GROUP BY 1, 2
ORDER BY queries DESC
LIMIT 5000;
