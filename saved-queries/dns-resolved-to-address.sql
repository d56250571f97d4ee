-- name: dns-resolved-to-address
-- purpose: Names that resolved to an address, and who asked.
-- classes: 4003
-- tables: route53
-- param: ip ip "Address in the answer"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    query.hostname,
    src_endpoint.instance_uid AS instance,
    src_endpoint.ip AS address,
    count(*) AS queries,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
CROSS JOIN UNNEST(answers) AS t(answer)
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND answer.rdata = /* :ip */ '192.0.2.1'
GROUP BY 1, 2, 3
ORDER BY first_seen
LIMIT 5000;
