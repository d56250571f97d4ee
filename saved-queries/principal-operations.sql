-- name: principal-operations
-- purpose: What a principal called, by service and operation, with how often it failed.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: principal principal "ARN, name or unique id of a user or role"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    api.service.name AS service,
    api.operation,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    count(DISTINCT src_endpoint.ip) AS addresses,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :principal */ 'arn:aws:iam::111122223333:user/example' IN (
    actor.user.uid, actor.user.uid_alt, actor.user.name, actor.session.issuer
  )
GROUP BY 1, 2
ORDER BY calls DESC
LIMIT 1000;
