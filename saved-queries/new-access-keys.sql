-- name: new-access-keys
-- purpose: Access keys that were made, by whom and for whom.
-- classes: 3001
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.uid AS principal,
    actor.user.credential_uid AS used_key,
    src_endpoint.ip AS address,
    COALESCE(json_extract_scalar(api.request.data, '$.userName'), user.name) AS for_user,
    json_extract_scalar(api.response.data, '$.accessKey.accessKeyId') AS new_key,
    status,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'CreateAccessKey'
ORDER BY time_dt DESC
LIMIT 1000;
