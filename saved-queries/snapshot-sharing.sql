-- name: snapshot-sharing
-- purpose: Snapshots and images that were shared or copied out.
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
    COALESCE(
        json_extract_scalar(api.request.data, '$.snapshotId'),
        json_extract_scalar(api.request.data, '$.imageId'),
        json_extract_scalar(api.request.data, '$.dBSnapshotIdentifier')
    ) AS shared,
    status,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation IN (
    'ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute',
    'CreateSnapshot', 'CreateSnapshots', 'CopySnapshot', 'CopyDBSnapshot', 'CreateDBSnapshot',
    'CreateStoreImageTask', 'StartExportTask', 'GetSnapshotBlock', 'ListSnapshotBlocks'
  )
ORDER BY time_dt DESC
LIMIT 5000;
