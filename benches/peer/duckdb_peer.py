"""DuckDB over the bench's lake: a statement a line in, the number of its rows a line out."""

import sys
from pathlib import Path

import duckdb

TABLES = {
    "CLOUD_TRAIL_MGMT": "cloud_trail_mgmt",
    "S3_DATA": "s3_data",
    "VPC_FLOW": "vpc_flow",
}


def main() -> None:
    lake, threads = Path(sys.argv[1]), int(sys.argv[2])
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET enable_object_cache = true")
    for folder, table in TABLES.items():
        files = lake / "aws" / folder / "**" / "*.parquet"
        connection.execute(
            f"CREATE VIEW {table} AS SELECT * FROM read_parquet("
            f"'{files}', hive_partitioning = true, union_by_name = true)"
        )
    for line in sys.stdin:
        try:
            answer = str(len(connection.execute(line).fetchall()))
        except duckdb.Error as error:
            answer = str(error).replace("\n", " ")
        print(answer, flush=True)


main()
