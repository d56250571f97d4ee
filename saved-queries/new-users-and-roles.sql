-- name: new-users-and-roles
-- purpose: Users, roles, sign-in profiles and identity providers that were made.
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
    COALESCE(
        json_extract_scalar(api.request.data, '$.userName'),
        json_extract_scalar(api.request.data, '$.roleName'),
        user.name
    ) AS made,
    status
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation IN (
    'CreateUser', 'CreateRole', 'CreateGroup', 'AddUserToGroup', 'CreateLoginProfile', 'UpdateLoginProfile',
    'CreateSAMLProvider', 'CreateOpenIDConnectProvider', 'CreateServiceSpecificCredential', 'UploadSigningCertificate'
  )
ORDER BY time_dt DESC
LIMIT 1000;
