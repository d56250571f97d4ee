-- name: s3-volume-by-hour
-- purpose: Reads, objects, readers and bytes of a bucket by the hour.
-- classes: 6003
-- tables: s3_data
-- param: bucket bucket "Name of the bucket"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    date_trunc('hour', time_dt) AS hour,
    count(*) AS reads,
    count(DISTINCT COALESCE(json_extract_scalar(api.request.data, '$.key'), element_at(unmapped, 'requestParameters.key'))) AS objects,
    count(DISTINCT src_endpoint.ip) AS addresses,
    sum(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) AS bytes_out
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'GetObject'
  AND COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) = /* :bucket */ 'amzn-s3-demo-bucket'
GROUP BY 1
ORDER BY 1
LIMIT 1000;
