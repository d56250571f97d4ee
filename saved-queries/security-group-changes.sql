-- name: security-group-changes
-- purpose: Changes to security groups and network lists, with what was opened.
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
    api.operation,
    json_extract_scalar(api.request.data, '$.groupId') AS security_group,
    api.request.data LIKE '%0.0.0.0/0%' AS opens_to_all,
    status,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND regexp_like(
    api.operation,
    '^(Authorize|Revoke)SecurityGroup(Ingress|Egress)$|^(Create|Delete)SecurityGroup$|^ModifySecurityGroupRules$|^(Create|Replace|Delete)NetworkAclEntry$'
  )
ORDER BY time_dt DESC
LIMIT 5000;
