-- name: port-scans
-- purpose: Sources that were turned away at many different ports or hosts.
-- classes: 4001
-- tables: vpc_flow
-- param: ports integer "Different ports and hosts at least"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS source,
    count(DISTINCT dst_endpoint.port) AS ports,
    count(DISTINCT dst_endpoint.ip) AS hosts,
    count(*) AS flows,
    count_if(action = 'Allowed') AS accepted,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND connection_info.direction = 'Inbound'
GROUP BY 1
HAVING count_if(action <> 'Allowed') > 0
   AND count(DISTINCT dst_endpoint.port) + count(DISTINCT dst_endpoint.ip) >= /* :ports */ 7
ORDER BY ports DESC, hosts DESC
LIMIT 1000;
