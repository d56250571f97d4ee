-- name: access-keys-from-new-address
-- purpose: Long-lived access keys whose last day has an address that the days before it did not have.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
WITH uses AS (
    SELECT
        actor.user.credential_uid AS access_key,
        src_endpoint.ip AS address,
        min(actor.user.uid) AS principal,
        min(time_dt) AS first_seen,
        max(time_dt) AS last_seen,
        count(*) AS calls
    FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
    WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
      AND actor.user.credential_uid LIKE 'AKIA%'
      AND src_endpoint.ip IS NOT NULL
    GROUP BY 1, 2
),
known AS (
    SELECT access_key, min(first_seen) AS key_seen, count(*) AS addresses
    FROM uses
    GROUP BY 1
)
SELECT
    u.access_key,
    u.principal,
    u.address,
    u.calls,
    u.first_seen,
    u.last_seen,
    k.addresses
FROM uses AS u
JOIN known AS k ON k.access_key = u.access_key
WHERE u.first_seen > k.key_seen + INTERVAL '24' HOUR
ORDER BY u.first_seen DESC
LIMIT 1000;
