-- name: assumed-roles
-- purpose: Which roles were assumed, by whom, and which session keys were issued.
-- classes: 3002
-- tables: cloud_trail_mgmt
-- param: role text "Part of a role name or ARN; empty finds every role"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.uid AS caller,
    actor.user.credential_uid AS caller_key,
    json_extract_scalar(api.request.data, '$.roleArn') AS role,
    json_extract_scalar(api.request.data, '$.roleSessionName') AS session_name,
    COALESCE(session.credential_uid, json_extract_scalar(api.response.data, '$.credentials.accessKeyId')) AS issued_key,
    src_endpoint.ip AS address,
    status
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
  AND actor.invoked_by IS NULL
  AND COALESCE(json_extract_scalar(api.request.data, '$.roleArn'), '') LIKE concat('%', /* :role */ '', '%')
ORDER BY time_dt
LIMIT 5000;
