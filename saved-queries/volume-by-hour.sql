-- name: volume-by-hour
-- purpose: Events of each source by the hour: where the record has gaps.
-- classes: 6003, 3002, 3001, 4001, 4003, 4002, 2002, 2003, 2004
-- tables: cloud_trail_mgmt, s3_data, lambda_execution, route53, sh_findings, vpc_flow, eks_audit, waf
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT date_trunc('hour', time_dt) AS hour, 'cloud_trail_mgmt' AS source, count(*) AS events
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 's3_data', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 'lambda_execution', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_lambda_execution_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 'route53', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 'sh_findings', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_sh_findings_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 'vpc_flow', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 'eks_audit', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_eks_audit_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
UNION ALL
SELECT date_trunc('hour', time_dt), 'waf', count(*)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_waf_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1
ORDER BY hour, source
LIMIT 20000;
