-- name: api-by-principal
-- purpose: Everything that a user or role did, oldest first.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: principal principal "ARN, name or unique id of a user or role"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    region,
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.service.name AS service,
    api.operation,
    status,
    api.response.error AS error,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :principal */ 'arn:aws:iam::111122223333:user/example' IN (
    actor.user.uid, actor.user.uid_alt, actor.user.name, actor.session.issuer
  )
ORDER BY time_dt
LIMIT 5000;
