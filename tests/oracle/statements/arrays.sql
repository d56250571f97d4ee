SELECT id, cardinality(resources), cardinality(tags) FROM events ORDER BY id;
SELECT id, contains(tags, 'amber') FROM events WHERE id <> 5 AND cardinality(tags) < 3 ORDER BY id;
SELECT element_at(tags, 1), element_at(tags, -1) FROM events ORDER BY id;
SELECT tags[1] FROM events WHERE cardinality(tags) > 0 ORDER BY id;
SELECT resources[1].uid FROM events WHERE cardinality(resources) > 0 ORDER BY id;
SELECT element_at(resources, 1).type FROM events ORDER BY id;
SELECT array_join(tags, ',') FROM events WHERE tags IS NOT NULL ORDER BY id;
SELECT array_join(ARRAY[1, 2, 3], '-');
SELECT array_sort(array_distinct(filter(tags, t -> t IS NOT NULL))) FROM events ORDER BY id;
SELECT array_max(filter(nums, n -> n IS NOT NULL)), array_min(filter(nums, n -> n IS NOT NULL)) FROM events ORDER BY id;
SELECT array_position(ARRAY[5, 6, 7], 6);
-- fault: DuckDB gives NULL where an array lacks the value, Trino 0
-- expect: [[0]]
SELECT array_position(ARRAY[5], 9);
SELECT array_sort(array_intersect(ARRAY[1, 2, 3], ARRAY[2, 3, 4])), array_sort(array_except(ARRAY[1, 2, 3], ARRAY[2]));
-- fault: sqlglot does not know arrays_overlap and reverse of arrays for DuckDB
-- expect: [[true, false, null, [3, 2, 1]]]
SELECT arrays_overlap(ARRAY[1, 2], ARRAY[2, 3]), arrays_overlap(ARRAY[1], ARRAY[2]), arrays_overlap(ARRAY[1, NULL], ARRAY[2]), reverse(ARRAY[1, 2, 3]);
SELECT slice(tags, 1, 1) FROM events WHERE cardinality(tags) > 0 ORDER BY id;
-- fault: sqlglot takes the length of a slice for its end
-- expect: [[[2, 3], [3, 4]]]
SELECT slice(ARRAY[1, 2, 3, 4], 2, 2), slice(ARRAY[1, 2, 3, 4], -2, 2);
SELECT sequence(1, 5), sequence(0, 10, 5);
SELECT flatten(ARRAY[ARRAY[1, 2], ARRAY[3]]);
SELECT concat(ARRAY[1], ARRAY[2, 3]), ARRAY[1] || ARRAY[2];
SELECT transform(ARRAY[1, 2, 3], x -> x * 10), filter(ARRAY[1, 2, 3, 4], x -> x % 2 = 0);
SELECT transform(resources, r -> r.uid) FROM events ORDER BY id;
-- fault: sqlglot does not know any_match and its like for DuckDB
-- expect: [[true, false, true]]
SELECT any_match(ARRAY[1, 2], x -> x > 1), all_match(ARRAY[1, 2], x -> x > 1), none_match(ARRAY[1, 2], x -> x > 5);
-- fault: as above
-- expect: [[2], [3], [6], [10], [11], [15], [18], [19], [22], [23]]
SELECT id FROM events WHERE any_match(resources, r -> r.uid = 'arn:aws:s3:::bucket-1') ORDER BY id;
SELECT id, cardinality(filter(resources, r -> r.type = 'AWS::S3::Bucket')) FROM events WHERE resources IS NOT NULL ORDER BY id;
SELECT reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s);
SELECT cardinality(ARRAY[]), ARRAY[1, NULL, 3], ARRAY['a', 'b'];
-- fault: DuckDB repeats the text, where Trino makes an array
-- expect: [[["x", "x", "x"]]]
SELECT repeat('x', 3);
SELECT e.id, t.tag FROM events e CROSS JOIN UNNEST(e.tags) AS t(tag) ORDER BY 1, 2;
SELECT e.id, t.tag FROM events e, UNNEST(e.tags) AS t(tag) WHERE t.tag = 'amber' ORDER BY 1;
SELECT t.tag, count(*) FROM events CROSS JOIN UNNEST(tags) AS t(tag) GROUP BY 1 ORDER BY 1;
SELECT n FROM UNNEST(ARRAY[3, 1, 2]) AS t(n) ORDER BY n;
SELECT n, o FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(n, o) ORDER BY o;
-- fault: DuckDB does not unnest two arrays at once
-- expect: [[1, "x"], [2, "y"]]
SELECT a, b FROM UNNEST(ARRAY[1, 2], ARRAY['x', 'y']) AS t(a, b) ORDER BY a;
SELECT sum(n) FROM events CROSS JOIN UNNEST(nums) AS t(n);
SELECT count(*) FROM events WHERE EXISTS (SELECT 1 FROM UNNEST(tags) AS t(tag) WHERE t.tag = 'green');
SELECT e.id, t.tag FROM events e LEFT JOIN UNNEST(e.tags) AS t(tag) ON true WHERE e.id < 8 ORDER BY 1, 2;
SELECT array_agg(id ORDER BY id) FROM events WHERE name = 'GetObject';
-- fault: DuckDB's list_contains gives false where Trino gives NULL for an array with a NULL
-- expect: [[null]]
SELECT contains(ARRAY[1, NULL], 2);
-- fault: DuckDB names the fields of a row otherwise
-- expect: [[[{"field0": 1, "field1": "a"}, {"field0": 2, "field1": "b"}]]]
SELECT zip(ARRAY[1, 2], ARRAY['a', 'b']);
-- fault: DuckDB has neither ngrams nor combinations
-- expect: [[[["a", "b"], ["b", "c"]], [[1, 2], [1, 3], [2, 3]]]]
SELECT ngrams(ARRAY['a', 'b', 'c'], 2), combinations(ARRAY[1, 2, 3], 2);
-- fault: DuckDB orders neither union as Trino does nor removes through array_remove
-- expect: [[[1, 2, 3], [1, 3]]]
SELECT array_union(ARRAY[1, 2], ARRAY[2, 3]), array_remove(ARRAY[1, 2, 3, 2], 2);
-- fault: sqlglot does not zip for DuckDB
-- expect: [[[11, 22]]]
SELECT zip_with(ARRAY[1, 2], ARRAY[10, 20], (a, b) -> a + b);
SELECT r.uid FROM events CROSS JOIN UNNEST(resources) AS t(r) WHERE id = 2 ORDER BY 1;
-- fault: sqlglot does not spread the fields of a row over columns
-- expect: [["arn:aws:s3:::bucket-0", "AWS::S3::Object"], ["arn:aws:s3:::bucket-1", "AWS::S3::Bucket"]]
SELECT uid, kind FROM events CROSS JOIN UNNEST(resources) AS t(uid, kind) WHERE id = 2 ORDER BY 1;
-- fault: DuckDB compares NULLs inside rows and arrays as values
-- expect: [[null, false, null, true, false]]
SELECT ROW(1, NULL) = ROW(1, 2), ROW(1, NULL) = ROW(2, 2), ARRAY[1, NULL] = ARRAY[1, NULL], ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1] = ARRAY[1, NULL];
