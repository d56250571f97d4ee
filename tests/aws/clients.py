"""What other clients read of one execution, as JSON: boto3 by GetQueryResults, pyathena's cursor, and
Python's csv module on the object that holds the result.

Arguments: the peer's address, the execution's id. Credentials and Region come from the environment.
"""

import csv
import datetime
import decimal
import io
import json
import sys
from urllib.parse import urlparse

import boto3
import pyathena
from pyathena.result_set import AthenaResultSet

csv.field_size_limit(10_000_000)
ENDPOINT, EXECUTION = sys.argv[1:3]
ADDRESS = {"endpoint_url": ENDPOINT}


def with_boto3():
    athena = boto3.client("athena", **ADDRESS)
    pages, columns, rows = 0, [], []
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=EXECUTION):
        result = page["ResultSet"]
        columns = [column["Name"] for column in result["ResultSetMetadata"]["ColumnInfo"]]
        rows += [[value.get("VarCharValue") for value in row["Data"]] for row in result["Rows"]]
        pages += 1
    return {"pages": pages, "columns": columns, "rows": rows[1:]}


def with_pyathena():
    connection = pyathena.connect(s3_staging_dir="s3://unused/", **ADDRESS)
    cursor = connection.cursor()
    execution = cursor._poll(EXECUTION)
    result = AthenaResultSet(
        connection, cursor._converter, execution, cursor.arraysize, connection.retry_config
    )
    columns = [column[0] for column in result.description]
    return {"columns": columns, "rows": [[printed(v) for v in row] for row in result.fetchall()]}


def printed(value):
    """A value of Python's as Athena prints it; what has members stays JSON, marked as such."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, datetime.time):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray)):
        return value.hex(" ")
    if isinstance(value, (list, dict)):
        return {"members": value}
    return str(value)


def with_csv():
    athena, s3 = boto3.client("athena", **ADDRESS), boto3.client("s3", **ADDRESS)
    execution = athena.get_query_execution(QueryExecutionId=EXECUTION)["QueryExecution"]
    place = urlparse(execution["ResultConfiguration"]["OutputLocation"])
    body = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    return {"columns": rows[0], "rows": rows[1:]}


print(json.dumps({"boto3": with_boto3(), "pyathena": with_pyathena(), "csv": with_csv()}))
