-- name: roles-up
-- purpose: The chain of roles from here up: the call that gave this credential out, and the one that gave out the credential of that call.
-- types: access-key, role, session
-- group: lineage
-- order: "time"
WITH first_step AS (
    SELECT * FROM credentials_issued
    WHERE strpos(coalesce(issued_key, ''), /* :value */) > 0
       OR strpos(coalesce(issued_role, ''), /* :value */) > 0
),
second_step AS (
    SELECT DISTINCT earlier.* FROM first_step AS later
    JOIN credentials_issued AS earlier ON earlier.issued_key = later.access_key
),
third_step AS (
    SELECT DISTINCT earlier.* FROM second_step AS later
    JOIN credentials_issued AS earlier ON earlier.issued_key = later.access_key
)
SELECT 1 AS step, "time", account, who, access_key, address, what, issued_role, issued_key, result FROM first_step
UNION ALL
SELECT 2, "time", account, who, access_key, address, what, issued_role, issued_key, result FROM second_step
UNION ALL
SELECT 3, "time", account, who, access_key, address, what, issued_role, issued_key, result FROM third_step;
