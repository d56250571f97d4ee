-- name: flows
-- purpose: With whom this host or address spoke, the largest volume first.
-- types: ip, cidr, resource
-- group: network
-- order: bytes DESC
SELECT
    who AS instance, direction, address, peer, port, result AS action,
    count(*) AS flows, sum(bytes) AS bytes,
    min("time") AS first_seen, max("time") AS last_seen
FROM flows_naming
GROUP BY who, direction, address, peer, port, result;
