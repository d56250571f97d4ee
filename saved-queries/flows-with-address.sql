-- name: flows-with-address
-- purpose: Every host that exchanged packets with an address, in either direction.
-- classes: 4001
-- tables: vpc_flow
-- param: ip ip "Address on either side"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS source,
    src_endpoint.instance_uid AS source_instance,
    dst_endpoint.ip AS destination,
    dst_endpoint.instance_uid AS destination_instance,
    dst_endpoint.port AS port,
    connection_info.direction,
    action,
    count(*) AS flows,
    sum(traffic.bytes) AS bytes,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :ip */ '192.0.2.1' IN (src_endpoint.ip, dst_endpoint.ip)
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY first_seen
LIMIT 5000;
