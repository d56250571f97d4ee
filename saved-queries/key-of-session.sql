-- name: key-of-session
-- purpose: Who was given a session key: the AssumeRole call that issued it.
-- classes: 3002
-- tables: cloud_trail_mgmt
-- param: access_key access-key "Session key, which begins with ASIA"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.uid AS caller,
    actor.user.credential_uid AS caller_key,
    json_extract_scalar(api.request.data, '$.roleArn') AS role,
    json_extract_scalar(api.request.data, '$.roleSessionName') AS session_name,
    src_endpoint.ip AS address,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :access_key */ 'ASIAIOSFODNN7EXAMPLE' IN (
    session.credential_uid,
    json_extract_scalar(api.response.data, '$.credentials.accessKeyId')
  )
ORDER BY time_dt
LIMIT 100;
