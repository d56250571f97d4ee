-- name: created
-- purpose: What it created, changed and deleted.
-- types: principal, access-key, ip
-- group: identity
-- order: "time"
SELECT "time", source, account, region, activity, what, resource, address, access_key, issued_key
FROM events_by
WHERE error IS NULL
  AND (
    activity IN ('Create', 'Update', 'Delete', 'Attach Policy', 'Detach Policy', 'Password Change', 'Disable', 'Enable')
    OR regexp_like(what, '^(Create|Put|Attach|Update|Modify|Delete|Run|Stop|Authorize|Add)')
  );
