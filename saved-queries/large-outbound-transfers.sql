-- name: large-outbound-transfers
-- purpose: Addresses on the internet that own hosts sent the most to.
-- classes: 4001
-- tables: vpc_flow
-- param: bytes integer "Bytes at least"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS source,
    src_endpoint.instance_uid AS instance,
    dst_endpoint.ip AS destination,
    dst_endpoint.port AS port,
    sum(traffic.bytes) AS bytes,
    count(*) AS flows,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND connection_info.direction = 'Outbound'
  AND NOT contains('10.0.0.0/8', TRY_CAST(dst_endpoint.ip AS IPADDRESS))
  AND NOT contains('172.16.0.0/12', TRY_CAST(dst_endpoint.ip AS IPADDRESS))
  AND NOT contains('192.168.0.0/16', TRY_CAST(dst_endpoint.ip AS IPADDRESS))
GROUP BY 1, 2, 3, 4
HAVING sum(traffic.bytes) >= /* :bytes */ 10000
ORDER BY bytes DESC
LIMIT 1000;
