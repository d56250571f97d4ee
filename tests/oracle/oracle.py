"""Answers statements of Athena's SQL with DuckDB, fed by sqlglot.

Reads one JSON document from standard input: {"tables": {name: parquet file}, "statements": [sql]}.
Writes one JSON document: a list of {"rows": [[value]]} or {"error": text}, in the statements' order.
"""

import datetime
import decimal
import json
import math
import sys

import duckdb
import sqlglot


def plain(value):
    """A value as JSON: times in UTC without zone, rows as objects, bytes in hexadecimal."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def answer(connection, statement):
    try:
        translated = sqlglot.transpile(statement, read="athena", write="duckdb")
        rows = connection.execute(translated[0]).fetchall()
        return {"rows": [[plain(value) for value in row] for row in rows]}
    except Exception as error:  # whatever goes wrong is the answer
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    asked = json.load(sys.stdin)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET default_null_order = 'nulls_last'")
    for name, path in asked["tables"].items():
        file = "read_parquet('" + path.replace("'", "''") + "')"
        # Athena documents these columns as timestamps without zone.
        columns = connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()
        columns = [
            f"CAST({column[0]} AS TIMESTAMP) AS {column[0]}" if "ZONE" in column[1] else column[0]
            for column in columns
        ]
        connection.execute(f"CREATE VIEW {name} AS SELECT {', '.join(columns)} FROM {file}")
    json.dump([answer(connection, sql) for sql in asked["statements"]], sys.stdout)


main()
