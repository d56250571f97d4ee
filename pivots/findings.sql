-- name: findings
-- purpose: The findings on it, the newest last.
-- types: any
-- group: findings
-- order: "time"
SELECT "time", account, region, severity, what AS title, resource, address, result AS status, event_id AS finding
FROM findings_naming;
