-- name: by-hour
-- purpose: How many events name it, hour by hour.
-- types: any
-- group: summary
-- order: begins, source
SELECT date_trunc('hour', "time") AS begins, source, count(*) AS events
FROM events_naming
GROUP BY 1, 2;
