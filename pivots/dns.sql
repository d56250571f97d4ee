-- name: dns
-- purpose: Which names this host asked for, or who asked for this name or got this address.
-- types: ip, cidr, resource, domain
-- group: network
-- order: queries DESC, name
SELECT
    what AS name, resource AS answer, result, who AS instance, address,
    count(*) AS queries, min("time") AS first_seen, max("time") AS last_seen
FROM dns_naming
GROUP BY what, resource, result, who, address;
