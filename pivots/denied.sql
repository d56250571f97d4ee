-- name: denied
-- purpose: What it tried and was denied.
-- types: principal, access-key, ip, resource, account
-- group: identity
-- order: "time"
SELECT "time", source, account, region, who, access_key, address, what, resource, error
FROM calls_naming
WHERE error IS NOT NULL;
