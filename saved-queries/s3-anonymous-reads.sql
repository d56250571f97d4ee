-- name: s3-anonymous-reads
-- purpose: Requests to buckets that carried no credentials at all.
-- classes: 6003
-- tables: s3_data
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) AS bucket,
    src_endpoint.ip AS address,
    api.operation,
    count(*) AS calls,
    count_if(status = 'Success') AS answered,
    sum(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) AS bytes_out,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND actor.user.credential_uid IS NULL
  AND actor.invoked_by IS NULL
  AND src_endpoint.ip IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY calls DESC
LIMIT 1000;
