-- name: lambda-invocations
-- purpose: Which functions were invoked by whom.
-- classes: 6003
-- tables: lambda_execution
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    COALESCE(json_extract_scalar(api.request.data, '$.functionName'), element_at(resources, 1).uid) AS function_name,
    actor.user.uid AS principal,
    actor.invoked_by,
    src_endpoint.ip AS address,
    count(*) AS invocations,
    count_if(status = 'Failure') AS failed,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_lambda_execution_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1, 2, 3, 4
ORDER BY invocations DESC
LIMIT 1000;
