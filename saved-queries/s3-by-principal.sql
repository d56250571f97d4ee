-- name: s3-by-principal
-- purpose: Which buckets a principal used, and how.
-- classes: 6003
-- tables: s3_data
-- param: principal principal "ARN, name or unique id of a user or role"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) AS bucket,
    api.operation,
    src_endpoint.ip AS address,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    sum(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) AS bytes_out,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :principal */ 'arn:aws:iam::111122223333:user/example' IN (
    actor.user.uid, actor.user.uid_alt, actor.user.name, actor.session.issuer
  )
GROUP BY 1, 2, 3
ORDER BY calls DESC
LIMIT 1000;
