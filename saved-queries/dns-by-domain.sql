-- name: dns-by-domain
-- purpose: Hosts that asked for a domain or a name below it, with the answers.
-- classes: 4003
-- tables: route53
-- param: domain domain "Domain, without a dot at its end"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.instance_uid AS instance,
    src_endpoint.ip AS address,
    query.hostname,
    count(*) AS queries,
    array_agg(DISTINCT array_join(transform(answers, a -> a.rdata), ' ')) AS answers,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    rtrim(query.hostname, '.') = /* :domain */ 'example.org'
    OR rtrim(query.hostname, '.') LIKE concat('%.', /* :domain */ 'example.org')
  )
GROUP BY 1, 2, 3
ORDER BY first_seen
LIMIT 5000;
