-- name: all-events
-- purpose: Every event that names it, over all tables.
-- types: any
-- group: events
-- order: "time", source, event_id
SELECT
    "time", source, class, activity, account, region, who, access_key, address,
    what, resource, result, error, event_id
FROM events_naming;
