-- name: trail-tampering
-- purpose: Attempts to blind the watchers: trails, detectors, recorders, flow logs, lake, log groups.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    region,
    actor.user.uid AS principal,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.service.name AS service,
    api.operation,
    status,
    api.response.error AS error,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation IN (
    'StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'RemoveTags',
    'DeleteDetector', 'UpdateDetector', 'DeleteMembers', 'DisassociateMembers', 'DisassociateFromMasterAccount',
    'CreateIPSet', 'UpdateIPSet', 'CreateFilter',
    'DisableSecurityHub', 'DeleteConfigurationRecorder', 'StopConfigurationRecorder', 'DeleteDeliveryChannel',
    'DeleteFlowLogs', 'DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy',
    'DeleteDataLake', 'DeleteAwsLogSource', 'DeleteSubscriber', 'DeleteBucketLogging'
  )
ORDER BY time_dt DESC
LIMIT 5000;
