-- name: nxdomain-bursts
-- purpose: Hosts that asked for many names that do not exist within an hour.
-- classes: 4003
-- tables: route53
-- param: names integer "Different names at least"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    date_trunc('hour', time_dt) AS hour,
    src_endpoint.instance_uid AS instance,
    src_endpoint.ip AS address,
    count(*) AS queries,
    count(DISTINCT query.hostname) AS names,
    arbitrary(query.hostname) AS a_name
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND upper(rcode) = 'NXDOMAIN'
GROUP BY 1, 2, 3
HAVING count(DISTINCT query.hostname) >= /* :names */ 5
ORDER BY names DESC
LIMIT 1000;
