-- name: roles-down
-- purpose: The chain of roles from here down: the credentials that it asked for, and those that they asked for in turn.
-- types: access-key, principal
-- group: lineage
-- order: "time"
WITH first_step AS (
    SELECT * FROM credentials_issued
    WHERE strpos(coalesce(access_key, ''), /* :value */) > 0
       OR strpos(coalesce(who, ''), /* :value */) > 0
       OR strpos(coalesce(role, ''), /* :value */) > 0
),
second_step AS (
    SELECT DISTINCT later.* FROM first_step AS earlier
    JOIN credentials_issued AS later ON later.access_key = earlier.issued_key
),
third_step AS (
    SELECT DISTINCT later.* FROM second_step AS earlier
    JOIN credentials_issued AS later ON later.access_key = earlier.issued_key
)
SELECT 1 AS step, "time", account, who, access_key, address, what, issued_role, issued_key, result FROM first_step
UNION ALL
SELECT 2, "time", account, who, access_key, address, what, issued_role, issued_key, result FROM second_step
UNION ALL
SELECT 3, "time", account, who, access_key, address, what, issued_role, issued_key, result FROM third_step;
