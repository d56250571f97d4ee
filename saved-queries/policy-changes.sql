-- name: policy-changes
-- purpose: Changes to what principals may do: policies, boundaries and trust.
-- classes: 3001, 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.uid AS principal,
    src_endpoint.ip AS address,
    api.operation,
    COALESCE(policy.uid, json_extract_scalar(api.request.data, '$.policyArn')) AS policy,
    COALESCE(
        json_extract_scalar(api.request.data, '$.userName'),
        json_extract_scalar(api.request.data, '$.roleName'),
        json_extract_scalar(api.request.data, '$.groupName')
    ) AS target,
    status,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND regexp_like(
    api.operation,
    '^(Attach|Detach|Put|Delete)(User|Role|Group)(Policy|PermissionsBoundary)$|^(Create|Delete)Policy(Version)?$|^SetDefaultPolicyVersion$|^UpdateAssumeRolePolicy$'
  )
ORDER BY time_dt DESC
LIMIT 5000;
