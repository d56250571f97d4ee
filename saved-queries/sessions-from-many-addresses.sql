-- name: sessions-from-many-addresses
-- purpose: Session keys used from more than one address: a session that left its host.
-- classes: 6003, 3002
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.credential_uid AS session_key,
    min(actor.user.uid) AS principal,
    count(DISTINCT src_endpoint.ip) AS addresses,
    array_agg(DISTINCT src_endpoint.ip) AS address_list,
    count(*) AS calls,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND actor.user.credential_uid LIKE 'ASIA%'
  AND src_endpoint.ip IS NOT NULL
GROUP BY 1
HAVING count(DISTINCT src_endpoint.ip) > 1
ORDER BY addresses DESC, calls DESC
LIMIT 1000;
