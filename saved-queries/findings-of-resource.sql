-- name: findings-of-resource
-- purpose: Findings about a resource, by any part of its id or ARN.
-- classes: 2002, 2003, 2004
-- tables: sh_findings
-- param: resource text "Part of a resource id, such as a bucket, key or instance"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    severity,
    metadata.product.name AS product,
    finding_info.title,
    array_join(finding_info.types, ', ') AS types,
    status,
    finding_info.uid AS finding
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_sh_findings_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND any_match(resources, r -> r.uid LIKE concat('%', /* :resource */ 'amzn-s3-demo-bucket', '%'))
ORDER BY time_dt DESC
LIMIT 5000;
