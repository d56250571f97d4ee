SELECT id, unmapped['requestParameters.bucketName'] FROM events WHERE unmapped IS NOT NULL ORDER BY id;
-- fault: sqlglot takes every cardinality for an array's
-- expect: [[1, 2], [2, 3], [3, 1]]
SELECT id, cardinality(unmapped) FROM events WHERE id < 4 ORDER BY id;
SELECT map_keys(unmapped) FROM events WHERE unmapped IS NOT NULL ORDER BY id;
SELECT map_values(unmapped) FROM events WHERE unmapped IS NOT NULL ORDER BY id;
SELECT element_at(unmapped, 'requestParameters.bucketName') AS bucket, count(*) FROM events WHERE unmapped IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT MAP(ARRAY['a', 'b'], ARRAY[1, 2]);
SELECT map_keys(MAP(ARRAY['a', 'b'], ARRAY[1, 2]));
SELECT map_concat(MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['a', 'b'], ARRAY[2, 3]));
SELECT histogram(name) FROM events;
SELECT map_from_entries(ARRAY[ROW('a', 1), ROW('b', 2)]);
SELECT map_entries(MAP(ARRAY['a'], ARRAY[1]));
-- fault: sqlglot does not know these aggregates for DuckDB
-- expect: [[{"1": "PutObject", "2": "ListBuckets"}, {"x": [1, 2]}]]
SELECT map_agg(CAST(id AS varchar), name), multimap_agg('x', id) FROM (SELECT id, name FROM events WHERE id <= 2 ORDER BY id);
-- fault: sqlglot does not know how to unnest a map for DuckDB
-- expect: [["key1", "value2"], ["requestParameters.bucketName", "value1"]]
SELECT k, v FROM events CROSS JOIN UNNEST(unmapped) AS t(k, v) WHERE id = 1 ORDER BY k;
-- fault: sqlglot does not know the lambdas over maps for DuckDB
-- expect: [[{"b": 2}, {"a": 10, "b": 20}, {"a!": 1, "b!": 2}]]
SELECT map_filter(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1), transform_values(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v * 10), transform_keys(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> k || '!');
-- fault: sqlglot does not know these for DuckDB
-- expect: [[{"a": "1", "b": "2"}, {"a": [1, 2]}]]
SELECT split_to_map('a=1,b=2', ',', '='), multimap_from_entries(ARRAY[ROW('a', 1), ROW('a', 2)]);
