-- name: new-compute
-- purpose: Instances, functions and containers that were started or changed: what an intruder runs on.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    region,
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    api.service.name AS service,
    api.operation,
    json_extract_scalar(api.request.data, '$.instanceType') AS instance_type,
    status
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND actor.invoked_by IS NULL
  AND regexp_like(
    api.operation,
    '^(RunInstances|RequestSpotInstances|CreateFunction[0-9v]*|UpdateFunctionCode[0-9v]*|RunTask|CreateService|CreateCluster|CreateNotebookInstance|CreateTrainingJob|CreateDevEndpoint|SendCommand|StartSession)$'
  )
ORDER BY time_dt DESC
LIMIT 5000;
