-- name: principals-of-ip
-- purpose: Which principals and keys an address worked with.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: ip ip "Address of the caller"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    actor.user.type AS principal_type,
    actor.user.credential_uid AS access_key,
    accountid,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND src_endpoint.ip = /* :ip */ '192.0.2.1'
GROUP BY 1, 2, 3, 4
ORDER BY first_seen
LIMIT 1000;
