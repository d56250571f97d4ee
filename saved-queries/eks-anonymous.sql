-- name: eks-anonymous
-- purpose: Requests to clusters by nobody in particular.
-- classes: 6003
-- tables: eks_audit
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.name AS principal,
    src_endpoint.ip AS address,
    api.operation,
    http_request.url.path,
    api.response.code,
    count(*) AS requests,
    min(time_dt) AS first_seen,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_eks_audit_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    actor.user.name = 'system:anonymous'
    OR any_match(actor.user.groups, g -> g.name = 'system:unauthenticated')
  )
GROUP BY 1, 2, 3, 4, 5
ORDER BY requests DESC
LIMIT 1000;
