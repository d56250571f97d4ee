-- name: by-source
-- purpose: How often each source and class names it, with the first and the last time.
-- types: any
-- group: summary
-- order: events DESC, source, class
SELECT
    source, class, count(*) AS events,
    min("time") AS first_seen, max("time") AS last_seen,
    count(DISTINCT account) AS accounts, count(DISTINCT who) AS principals
FROM events_naming
GROUP BY source, class;
