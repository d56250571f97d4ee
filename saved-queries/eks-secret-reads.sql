-- name: eks-secret-reads
-- purpose: Who read secrets of clusters, and how often it was refused.
-- classes: 6003
-- tables: eks_audit
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    actor.user.name AS principal,
    src_endpoint.ip AS address,
    element_at(resources, 1).namespace AS namespace,
    element_at(resources, 1).name AS secret,
    api.operation,
    count(*) AS requests,
    count_if(api.response.code >= 400) AS refused,
    max(time_dt) AS last_seen
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_eks_audit_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND http_request.url.path LIKE '%/secrets%'
  AND api.operation IN ('get', 'list', 'watch')
GROUP BY 1, 2, 3, 4, 5
ORDER BY requests DESC
LIMIT 1000;
