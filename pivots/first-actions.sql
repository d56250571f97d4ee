-- name: first-actions
-- purpose: What it did for the first time, and when.
-- types: principal, access-key, ip
-- group: identity
-- order: first_seen
SELECT
    what, account, region, min("time") AS first_seen, max("time") AS last_seen,
    count(*) AS events, count_if(error IS NOT NULL) AS failed
FROM events_by
GROUP BY what, account, region;
