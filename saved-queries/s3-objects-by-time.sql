-- name: s3-objects-by-time
-- purpose: The objects read from a bucket in the order in which they were read.
-- classes: 6003
-- tables: s3_data
-- param: bucket bucket "Name of the bucket"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    COALESCE(json_extract_scalar(api.request.data, '$.key'), element_at(unmapped, 'requestParameters.key')) AS object_key,
    TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double) AS bytes_out,
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    status
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'GetObject'
  AND COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) = /* :bucket */ 'amzn-s3-demo-bucket'
ORDER BY time_dt
LIMIT 20000;
