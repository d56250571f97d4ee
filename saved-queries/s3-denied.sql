-- name: s3-denied
-- purpose: Denied requests to objects, by principal, address and bucket.
-- classes: 6003
-- tables: s3_data
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) AS bucket,
    api.operation,
    api.response.error AS error,
    count(*) AS calls,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND status = 'Failure'
GROUP BY 1, 2, 3, 4, 5
ORDER BY calls DESC
LIMIT 1000;
