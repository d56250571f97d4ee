-- name: s3-objects-by-count
-- purpose: The objects read from a bucket, the most often read first.
-- classes: 6003
-- tables: s3_data
-- param: bucket bucket "Name of the bucket"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    COALESCE(json_extract_scalar(api.request.data, '$.key'), element_at(unmapped, 'requestParameters.key')) AS object_key,
    count(*) AS times_read,
    count(DISTINCT actor.user.uid) AS principals,
    array_agg(DISTINCT src_endpoint.ip) AS addresses,
    max(time_dt) AS last_read
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'GetObject'
  AND status = 'Success'
  AND COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) = /* :bucket */ 'amzn-s3-demo-bucket'
GROUP BY 1
ORDER BY times_read DESC
LIMIT 5000;
