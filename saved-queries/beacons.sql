-- name: beacons
-- purpose: Hosts that call one outside address again and again at an even pace.
-- classes: 4001
-- tables: vpc_flow
-- param: flows integer "Flows at least"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
WITH gaps AS (
    SELECT
        src_endpoint.ip AS source,
        src_endpoint.instance_uid AS instance,
        dst_endpoint.ip AS destination,
        time_dt,
        traffic.bytes AS bytes,
        date_diff(
            'second',
            lag(time_dt) OVER (PARTITION BY src_endpoint.ip, dst_endpoint.ip ORDER BY time_dt),
            time_dt
        ) AS gap
    FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
    WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
      AND connection_info.direction = 'Outbound'
      AND action = 'Allowed'
)
SELECT
    source,
    instance,
    destination,
    count(*) AS flows,
    approx_percentile(gap, 0.5) AS median_gap_s,
    stddev(gap) / avg(gap) AS unevenness,
    sum(bytes) AS bytes,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM gaps
GROUP BY 1, 2, 3
HAVING count(*) >= /* :flows */ 20 AND avg(gap) > 0
ORDER BY unevenness
LIMIT 200;
