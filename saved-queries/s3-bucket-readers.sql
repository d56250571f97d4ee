-- name: s3-bucket-readers
-- purpose: Who used a bucket, with what, how often and how many bytes left it.
-- classes: 6003
-- tables: s3_data
-- param: bucket bucket "Name of the bucket"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.operation,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    sum(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) AS bytes_out,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) = /* :bucket */ 'amzn-s3-demo-bucket'
GROUP BY 1, 2, 3, 4
ORDER BY calls DESC
LIMIT 1000;
