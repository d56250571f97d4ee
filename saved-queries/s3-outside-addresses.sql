-- name: s3-outside-addresses
-- purpose: Addresses outside your own network that read objects, the busiest first.
-- classes: 6003
-- tables: s3_data
-- param: network cidr "Your own network, which is left out"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    src_endpoint.ip AS address,
    COALESCE(json_extract_scalar(api.request.data, '$.bucketName'), element_at(unmapped, 'requestParameters.bucketName')) AS bucket,
    count(*) AS reads,
    count(DISTINCT COALESCE(json_extract_scalar(api.request.data, '$.key'), element_at(unmapped, 'requestParameters.key'))) AS objects,
    sum(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) AS bytes_out,
    count(DISTINCT actor.user.uid) AS principals,
    min(time_dt) AS first_read,
    max(time_dt) AS last_read
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND api.operation = 'GetObject'
  AND status = 'Success'
  AND NOT contains(/* :network */ '10.0.0.0/8', TRY_CAST(src_endpoint.ip AS IPADDRESS))
GROUP BY 1, 2
ORDER BY reads DESC
LIMIT 1000;
