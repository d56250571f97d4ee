-- name: changes-to
-- purpose: Who changed this resource, and how.
-- types: resource, account, role, principal
-- group: resource
-- order: "time"
SELECT "time", source, account, region, who, access_key, address, what, resource, result, error
FROM calls_naming
WHERE NOT regexp_like(what, '^(Get|List|Describe|Head|Lookup|Batch|Query|Filter|get|list|watch)');
