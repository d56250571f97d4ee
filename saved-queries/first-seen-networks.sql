-- name: first-seen-networks
-- purpose: Networks (/24) from which a principal called for the first time within the last days of the search.
-- classes: 6003, 3002, 3001
-- tables: cloud_trail_mgmt
-- param: recent interval "How long ago counts as new"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
WITH seen AS (
    SELECT
        actor.user.uid AS principal,
        regexp_extract(src_endpoint.ip, '^[0-9]+\.[0-9]+\.[0-9]+') AS network,
        time_dt,
        api.service.name AS service
    FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
    WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
      AND src_endpoint.ip IS NOT NULL
)
SELECT
    principal,
    network,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen,
    count(*) AS calls,
    array_agg(DISTINCT service) AS services
FROM seen
WHERE network IS NOT NULL
GROUP BY 1, 2
HAVING min(time_dt) >= /* :to */ (current_timestamp) - /* :recent */ INTERVAL '4' DAY
ORDER BY first_seen DESC
LIMIT 5000;
