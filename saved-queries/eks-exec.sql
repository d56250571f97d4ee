-- name: eks-exec
-- purpose: Commands run inside containers, and ports forwarded to them.
-- classes: 6003
-- tables: eks_audit
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    accountid,
    actor.user.name AS principal,
    src_endpoint.ip AS address,
    api.operation,
    http_request.url.path,
    api.response.code,
    http_request.user_agent
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_eks_audit_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND regexp_like(http_request.url.path, '/pods/[^/]+/(exec|attach|portforward|ephemeralcontainers)')
ORDER BY time_dt DESC
LIMIT 5000;
