-- name: findings-by-severity
-- purpose: How many findings of each severity and product there are, and of which kind.
-- classes: 2002, 2003, 2004
-- tables: sh_findings
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    severity_id,
    severity,
    metadata.product.name AS product,
    class_name,
    count(DISTINCT finding_info.uid) AS findings,
    count(DISTINCT accountid) AS accounts,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_sh_findings_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
GROUP BY 1, 2, 3, 4
ORDER BY severity_id DESC, findings DESC
LIMIT 1000;
