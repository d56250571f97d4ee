-- name: kms-use
-- purpose: Which principals used which encryption keys.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.uid AS principal,
    api.operation,
    COALESCE(json_extract_scalar(api.request.data, '$.keyId'), element_at(resources, 1).uid) AS encryption_key,
    count(*) AS calls,
    count_if(status = 'Failure') AS failed,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.service.name = 'kms.amazonaws.com'
GROUP BY 1, 2, 3
ORDER BY calls DESC
LIMIT 5000;
