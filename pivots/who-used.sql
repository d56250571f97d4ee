-- name: who-used
-- purpose: Who used this key, role, session or address, and with which agent.
-- types: access-key, role, session, ip, cidr, user-agent
-- group: identity
-- order: first_seen
SELECT
    who, access_key, role, address, agent, count(*) AS events,
    count_if(error IS NOT NULL) AS failed,
    min("time") AS first_seen, max("time") AS last_seen
FROM calls_naming
GROUP BY who, access_key, role, address, agent;
