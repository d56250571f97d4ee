SELECT id, json_extract_scalar(data, '$.bucketName') FROM events WHERE id <> 13 ORDER BY id;
SELECT id, json_extract_scalar(data, '$.nested.list[1]') FROM events WHERE id <> 13 ORDER BY id;
SELECT json_extract_scalar(data, '$.nested.flag'), json_extract_scalar(data, '$.missing') FROM events WHERE id <> 13 ORDER BY id;
SELECT json_extract_scalar(data, '$.nested.list[2].k') FROM events WHERE id <> 13 ORDER BY id;
SELECT CAST(json_extract_scalar(data, '$.count') AS bigint) * 2 FROM events WHERE id <> 13 ORDER BY id;
SELECT json_extract_scalar(data, '$.bucketName') AS bucket, count(*) FROM events WHERE id <> 13 GROUP BY 1 ORDER BY 1;
SELECT json_array_length(json_extract(data, '$.nested.list')) FROM events WHERE id <> 13 AND data IS NOT NULL ORDER BY id;
SELECT json_array_length('[1, 2, 3]'), json_array_length('[]');
SELECT id FROM events WHERE id <> 13 AND json_extract_scalar(data, '$.bucketName') = 'bucket-2' ORDER BY id;
SELECT json_extract(data, '$.nested.list') FROM events WHERE id <> 13 ORDER BY id;
SELECT json_format(json_extract('{"a": {"b": [1, 2]}}', '$.a'));
-- fault: DuckDB fails on a text that is no JSON; Trino gives NULL
-- expect: [[13, null]]
SELECT id, json_extract_scalar(data, '$.count') FROM events WHERE id = 13;
-- fault: DuckDB gives the text of an array or object; Trino's scalar is NULL
-- expect: [[null, null]]
SELECT json_extract_scalar('{"a": [1]}', '$.a'), json_extract_scalar('{"a": {}}', '$.a');
-- fault: sqlglot turns the cast to JSON into one that parses the text
-- expect: [["[1,null]", "\"x\"", "{\"a\":1}"]]
SELECT json_format(CAST(ARRAY[1, NULL] AS json)), json_format(CAST('x' AS json)), json_format(CAST(MAP(ARRAY['a'], ARRAY[1]) AS json));
-- fault: DuckDB's cast from JSON keeps the quotes
-- expect: [["x", [1, 2], {"a": 1}]]
SELECT CAST(json_parse('"x"') AS varchar), CAST(json_parse('[1, 2]') AS array(bigint)), CAST(json_parse('{"a": 1}') AS map(varchar, bigint));
-- fault: sqlglot does not know these for DuckDB
-- expect: [[2, 0, true, true, "2"]]
SELECT json_size('{"a": {"b": 1, "c": 2}}', '$.a'), json_size('{"a": 1}', '$.a'), json_array_contains('[1, 2]', 2), is_json_scalar('1'), json_format(json_array_get('[1, 2]', -1));
