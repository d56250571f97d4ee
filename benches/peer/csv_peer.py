"""A result's CSV into typed Arrow by a peer: prints seconds on the
clock and of the processor, the peak of memory in MB, and rows.

NULL and the empty text are kept apart where the reader can.
"""

import re
import sys
import time
from pathlib import Path

COLUMNS = {
    "time": "timestamp",
    "account": "varchar",
    "ip": "varchar",
    "port": "integer",
    "ok": "boolean",
    "operation": "varchar",
    "agent": "varchar",
    "price": "decimal(12,2)",
    "ratio": "double",
    "bytes": "bigint",
    "day": "date",
    "arn": "varchar",
}


def with_duckdb(path: str, threads: int) -> tuple[float, float, int]:
    import duckdb
    import pyarrow  # noqa: F401 (loaded before the clock starts)

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    statement = (
        f"SELECT * FROM read_csv('{path}', header = true, quote = '\"', escape = '\"', "
        f"auto_detect = false, delim = ',', allow_quoted_nulls = false, columns = {{{columns}}})"
    )
    start, before = time.perf_counter(), time.process_time()
    table = connection.execute(statement).to_arrow_table()
    return time.perf_counter() - start, time.process_time() - before, table.num_rows


def with_pyarrow(path: str, threads: int) -> tuple[float, float, int]:
    import pyarrow
    from pyarrow import csv

    kinds = {
        "timestamp": pyarrow.timestamp("ms"),
        "varchar": pyarrow.string(),
        "integer": pyarrow.int32(),
        "boolean": pyarrow.bool_(),
        "decimal(12,2)": pyarrow.decimal128(12, 2),
        "double": pyarrow.float64(),
        "bigint": pyarrow.int64(),
        "date": pyarrow.date32(),
    }
    convert = csv.ConvertOptions(
        column_types={name: kinds[kind] for name, kind in COLUMNS.items()},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    start, before = time.perf_counter(), time.process_time()
    table = csv.read_csv(
        path,
        read_options=csv.ReadOptions(use_threads=threads > 1),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )
    return time.perf_counter() - start, time.process_time() - before, table.num_rows


def main() -> None:
    peer, threads, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    read = {"duckdb": with_duckdb, "pyarrow": with_pyarrow}[peer]
    seconds, worked, rows = read(path, threads)
    # Not the rusage: it begins with what the parent held.
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1e3
    print(seconds, worked, peak, rows)


main()
