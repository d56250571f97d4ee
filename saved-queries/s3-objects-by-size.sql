-- name: s3-objects-by-size
-- purpose: The objects read from a bucket, the largest first.
-- classes: 6003
-- tables: s3_data
-- param: bucket bucket "Name of the bucket"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    COALESCE(json_extract_scalar(api.request.data, '$.key'), element_at(unmapped, 'requestParameters.key')) AS object_key,
    max(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) AS bytes,
    count(*) AS times_read,
    count(DISTINCT src_endpoint.ip) AS addresses,
    min(time_dt) AS first_read,
    max(time_dt) AS last_read
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'GetObject'
  AND status = 'Success'
  AND COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) = /* :bucket */ 'amzn-s3-demo-bucket'
GROUP BY 1
ORDER BY bytes DESC
LIMIT 5000;
