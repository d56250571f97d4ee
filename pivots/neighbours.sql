-- name: neighbours
-- purpose: Who, from where and with what it appears with, the most frequent first.
-- types: any
-- group: summary
-- order: events DESC, first_seen
SELECT
    who, access_key, address, resource, count(*) AS events,
    min("time") AS first_seen, max("time") AS last_seen
FROM events_naming
GROUP BY who, access_key, address, resource;
