-- name: rare-domains
-- purpose: Names that a single host asked for: what nobody else needs.
-- classes: 4003
-- tables: route53
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    query.hostname,
    arbitrary(src_endpoint.instance_uid) AS instance,
    arbitrary(src_endpoint.ip) AS address,
    count(*) AS queries,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
HAVING count(DISTINCT src_endpoint.ip) = 1
ORDER BY queries DESC, first_seen DESC
LIMIT 5000;
