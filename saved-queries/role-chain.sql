-- name: role-chain
-- purpose: The roles reached from an access key: the sessions that it opened, and those that they opened in turn.
-- classes: 3002
-- tables: cloud_trail_mgmt
-- param: access_key access-key "Access key at the start of the chain"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
WITH assumed AS (
    SELECT
        time_dt,
        actor.user.uid AS caller,
        actor.user.credential_uid AS caller_key,
        json_extract_scalar(api.request.data, '$.roleArn') AS role,
        COALESCE(session.credential_uid, json_extract_scalar(api.response.data, '$.credentials.accessKeyId')) AS issued_key,
        src_endpoint.ip AS address
    FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
    WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
      AND api.operation = 'AssumeRole'
      AND status = 'Success'
)
SELECT DISTINCT
    a.time_dt AS first_time,
    a.caller,
    a.caller_key,
    a.role AS first_role,
    a.issued_key AS first_session_key,
    a.address AS first_address,
    b.time_dt AS second_time,
    b.role AS second_role,
    b.issued_key AS second_session_key,
    c.role AS third_role,
    c.issued_key AS third_session_key
FROM assumed AS a
LEFT JOIN assumed AS b ON b.caller_key = a.issued_key
LEFT JOIN assumed AS c ON c.caller_key = b.issued_key
WHERE a.caller_key = /* :access_key */ 'AKIAIOSFODNN7EXAMPLE'
ORDER BY first_time
LIMIT 1000;
