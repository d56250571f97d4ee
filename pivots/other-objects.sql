-- name: other-objects
-- purpose: Which objects of this bucket were touched, by whom and how often.
-- types: resource
-- group: resource
-- order: last_seen DESC
SELECT
    object, what, who, address, count(*) AS events,
    min("time") AS first_seen, max("time") AS last_seen
FROM calls_naming
WHERE object IS NOT NULL
GROUP BY object, what, who, address;
