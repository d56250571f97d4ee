-- name: s3-reads-of-address
-- purpose: What an address took: every object it read, from any bucket.
-- classes: 6003
-- tables: s3_data
-- param: ip ip "Address of the reader"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) AS bucket,
    COALESCE(json_extract_scalar(api.request.data, '$.key'), element_at(unmapped, 'requestParameters.key')) AS object_key,
    TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double) AS bytes_out,
    api.operation,
    status,
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND src_endpoint.ip = /* :ip */ '192.0.2.1'
ORDER BY time_dt
LIMIT 20000;
