-- name: flows-by-talker
-- purpose: Pairs of hosts by the bytes that they exchanged.
-- classes: 4001
-- tables: vpc_flow
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS source,
    dst_endpoint.ip AS destination,
    dst_endpoint.port AS port,
    count(*) AS flows,
    sum(traffic.bytes) AS bytes,
    sum(traffic.packets) AS packets,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1, 2, 3
ORDER BY bytes DESC
LIMIT 1000;
