-- fault: DuckDB has no addresses in sqlglot's sense; all of these are ours alone
-- expect: [[2], [8], [14], [20]]
SELECT id FROM events WHERE contains('203.0.113.0/24', CAST(ip AS ipaddress)) ORDER BY id;
-- fault: as above
-- expect: [["172.16.9.1", true], ["203.0.113.9", false]]
SELECT ip, contains('172.16.0.0/12', CAST(ip AS ipaddress)) FROM events WHERE id IN (1, 2) ORDER BY id;
-- fault: as above
-- expect: [["2001:db8::1", true, "10.0.0.0/8"]]
SELECT CAST(IPADDRESS '2001:DB8:0:0::1' AS varchar), IPADDRESS '9.0.0.1' < IPADDRESS '10.0.0.1', CAST(ip_prefix(IPADDRESS '10.2.3.4', 8) AS varchar);
-- fault: as above
-- expect: [["10.0.0.0", "10.255.255.255", true, null]]
SELECT CAST(ip_subnet_min('10.0.0.0/8') AS varchar), CAST(ip_subnet_max('10.0.0.0/8') AS varchar), is_subnet_of('10.0.0.0/8', IPADDRESS '10.9.9.9'), TRY_CAST('nonsense' AS ipaddress);
-- fault: as above
-- expect: [["10.0.4.17", 4]]
SELECT CAST(CAST(ip AS ipaddress) AS varchar), count(*) FROM events WHERE ip LIKE '10.%' GROUP BY CAST(ip AS ipaddress);
-- fault: as above
-- expect: [["172.16.9.1", ["172.16.9.1"]]]
SELECT CAST(ip AS ipaddress), ARRAY[CAST(ip AS ipaddress)] FROM events WHERE id = 1;
