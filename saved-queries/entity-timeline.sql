-- name: entity-timeline
-- purpose: Everything that any source knows about an address, key, principal, host or bucket, in order.
-- classes: 6003, 3002, 3001, 4001, 4003, 4002, 2002, 2003, 2004
-- tables: cloud_trail_mgmt, s3_data, lambda_execution, route53, sh_findings, vpc_flow, eks_audit, waf
-- param: entity text "Address, access key, ARN, instance, bucket or domain"
-- param: from timestamp "Start of the search"
-- param: to timestamp "End of the search"
SELECT
    time_dt,
    'cloud_trail_mgmt' AS source,
    accountid,
    actor.user.uid AS who,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.operation AS what,
    status AS result
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_cloud_trail_mgmt_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    /* :entity */ '192.0.2.1' IN (
      actor.user.uid, actor.user.uid_alt, actor.user.name, actor.user.credential_uid,
      actor.session.issuer, src_endpoint.ip, session.credential_uid
    )
    OR any_match(resources, r -> r.uid = /* :entity */ '192.0.2.1' OR r.uid LIKE concat('%:', /* :entity */ '192.0.2.1'))
    OR strpos(COALESCE(api.response.data, ''), /* :entity */ '192.0.2.1') > 0
  )
UNION ALL
SELECT
    time_dt,
    's3_data' AS source,
    accountid,
    actor.user.uid AS who,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.operation AS what,
    status AS result
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_s3_data_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    /* :entity */ '192.0.2.1' IN (
      actor.user.uid, actor.user.uid_alt, actor.user.name, actor.user.credential_uid,
      actor.session.issuer, src_endpoint.ip, session.credential_uid
    )
    OR any_match(resources, r -> r.uid = /* :entity */ '192.0.2.1' OR r.uid LIKE concat('%:', /* :entity */ '192.0.2.1'))
    OR strpos(COALESCE(api.response.data, ''), /* :entity */ '192.0.2.1') > 0
  )
UNION ALL
SELECT
    time_dt,
    'lambda_execution' AS source,
    accountid,
    actor.user.uid AS who,
    actor.user.credential_uid AS access_key,
    src_endpoint.ip AS address,
    api.operation AS what,
    status AS result
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_lambda_execution_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    /* :entity */ '192.0.2.1' IN (
      actor.user.uid, actor.user.uid_alt, actor.user.name, actor.user.credential_uid,
      actor.session.issuer, src_endpoint.ip, session.credential_uid
    )
    OR any_match(resources, r -> r.uid = /* :entity */ '192.0.2.1' OR r.uid LIKE concat('%:', /* :entity */ '192.0.2.1'))
    OR strpos(COALESCE(api.response.data, ''), /* :entity */ '192.0.2.1') > 0
  )
UNION ALL
SELECT
    time_dt,
    'vpc_flow',
    accountid,
    COALESCE(src_endpoint.instance_uid, dst_endpoint.instance_uid),
    CAST(NULL AS varchar),
    src_endpoint.ip,
    concat(src_endpoint.ip, ' to ', dst_endpoint.ip, ' port ', CAST(dst_endpoint.port AS varchar)),
    action
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :entity */ '192.0.2.1' IN (
    src_endpoint.ip, dst_endpoint.ip, src_endpoint.instance_uid, dst_endpoint.instance_uid
  )
UNION ALL
SELECT
    time_dt,
    'route53',
    accountid,
    src_endpoint.instance_uid,
    CAST(NULL AS varchar),
    src_endpoint.ip,
    query.hostname,
    rcode
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_route53_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    /* :entity */ '192.0.2.1' IN (src_endpoint.ip, src_endpoint.instance_uid, query.hostname, rtrim(query.hostname, '.'))
    OR any_match(answers, a -> a.rdata = /* :entity */ '192.0.2.1')
  )
UNION ALL
SELECT
    time_dt,
    'sh_findings',
    accountid,
    metadata.product.name,
    CAST(NULL AS varchar),
    CAST(NULL AS varchar),
    finding_info.title,
    severity
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_sh_findings_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND (
    any_match(resources, r -> r.uid LIKE concat('%', /* :entity */ '192.0.2.1'))
    OR any_match(observables, o -> o.value = /* :entity */ '192.0.2.1')
  )
UNION ALL
SELECT
    time_dt,
    'eks_audit',
    accountid,
    actor.user.name,
    CAST(NULL AS varchar),
    src_endpoint.ip,
    http_request.url.path,
    CAST(api.response.code AS varchar)
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_eks_audit_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND /* :entity */ '192.0.2.1' IN (actor.user.name, actor.user.uid, src_endpoint.ip)
UNION ALL
SELECT
    time_dt,
    'waf',
    accountid,
    CAST(NULL AS varchar),
    CAST(NULL AS varchar),
    src_endpoint.ip,
    concat(http_request.http_method, ' ', http_request.url.path),
    action
FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_waf_2_0
WHERE time_dt BETWEEN /* :from */ (current_timestamp - INTERVAL '7' DAY) AND /* :to */ (current_timestamp)
  AND src_endpoint.ip = /* :entity */ '192.0.2.1'
ORDER BY time_dt
LIMIT 20000;
