-- name: rejected-flows
-- purpose: Flows that were rejected, by source and port.
-- classes: 4001
-- tables: vpc_flow
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS source,
    dst_endpoint.ip AS destination,
    dst_endpoint.port AS port,
    connection_info.direction,
    count(*) AS flows,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (disposition = 'Blocked' OR action = 'Denied')
GROUP BY 1, 2, 3, 4
ORDER BY flows DESC
LIMIT 1000;
