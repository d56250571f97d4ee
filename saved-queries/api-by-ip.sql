-- name: api-by-ip
-- purpose: Everything that was called from an address, oldest first.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: ip ip "Address of the caller"
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
    http_request.user_agent,
    api.request.data AS request
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND src_endpoint.ip = /* :ip */ '192.0.2.1'
ORDER BY time_dt
LIMIT 5000;
