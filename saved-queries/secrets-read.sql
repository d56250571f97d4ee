-- name: secrets-read
-- purpose: Secrets and parameters that were read, by principal.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    api.operation,
    COALESCE(
        json_extract_scalar(api.request.data, '$.secretId'),
        json_extract_scalar(api.request.data, '$.name')
    ) AS secret,
    count(*) AS reads,
    count_if(status = 'Failure') AS failed,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation IN ('GetSecretValue', 'BatchGetSecretValue', 'GetParameter', 'GetParameters', 'GetParametersByPath')
GROUP BY 1, 2, 3, 4
ORDER BY reads DESC
LIMIT 5000;
