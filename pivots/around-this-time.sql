-- name: around-this-time
-- purpose: Every event that names it, around the time of the event in hand.
-- types: any
-- group: events
-- order: "time", source, event_id
-- window: around
SELECT
    "time", source, class, activity, account, region, who, access_key, address,
    what, resource, result, error, event_id
FROM events_naming;
