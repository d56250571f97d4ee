-- name: flows-of-instance
-- purpose: With whom an instance spoke, the largest volume first.
-- classes: 4001
-- tables: vpc_flow
-- param: instance text "Instance id, such as i-…"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    connection_info.direction,
    CASE WHEN src_endpoint.instance_uid = /* :instance */ 'i-1234567890abcdef0' THEN dst_endpoint.ip ELSE src_endpoint.ip END AS peer,
    dst_endpoint.port AS port,
    action,
    count(*) AS flows,
    sum(traffic.bytes) AS bytes,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :instance */ 'i-1234567890abcdef0' IN (src_endpoint.instance_uid, dst_endpoint.instance_uid)
GROUP BY 1, 2, 3, 4
ORDER BY bytes DESC
LIMIT 5000;
