"""AWS on the loopback for tests: ministack, with its Athena put right where it differs from AWS's.

What is changed, and why:

- The result lies at `<OutputLocation>/<id>.csv` (`.txt` for SHOW, DESCRIBE and EXPLAIN), every value
  quoted, NULL bare, lines ended by LF, as Athena writes it.
- The first page of GetQueryResults counts its header row among its rows.
- A stopped query ends CANCELLED, a moment after it was asked to.
- The same ClientRequestToken names the same execution; with another statement it is refused.
- Execution parameters take the place of `?`.
- Statements are Athena's, translated to DuckDB's by sqlglot.
- A failed query carries an AthenaError, and a position where the statement names the culprit.
- A limit of active queries answers TooManyRequestsException.

Comments in a statement steer it: `/* peer: hold */` keeps it RUNNING, with bytes that grow, until it
is stopped or released; `/* peer: wait N */` keeps it RUNNING for N milliseconds; `/* peer: fail
CODE: message */` lets it fail with that text.

Requests to `/_peer/` steer the whole: GET `state`, POST `release`, POST `limit?active=N` (0: none),
POST `check-access` (from then on signatures, policies and trust count).

Listens on a free port of 127.0.0.1 and prints it on one line. Ends when its standard input ends, so
that it never outlives the test that started it.
"""

import asyncio
import datetime
import decimal
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from urllib.parse import parse_qs, urlparse

LISTENER = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
LISTENER.bind(("127.0.0.1", 0))
LISTENER.listen(128)
PORT = LISTENER.getsockname()[1]

os.environ.update(
    BIND_HOST="127.0.0.1",
    MINISTACK_HOST="127.0.0.1",
    GATEWAY_PORT=str(PORT),
    IOT_MTLS_PORT="0",
    SERVICES="athena,glue,s3,sqs,sns,events,sts,iam",
    LOG_LEVEL="ERROR",
)

import duckdb  # noqa: E402
import hypercorn.asyncio  # noqa: E402
import hypercorn.config  # noqa: E402
import sqlglot  # noqa: E402
import ministack.app  # noqa: E402
from ministack.core.responses import (  # noqa: E402
    error_response_json,
    json_response,
    new_uuid,
)
from ministack.services import athena, glue, s3  # noqa: E402

TOKENS = {}  # ClientRequestToken -> (execution id, statement, parameters)
BEGUN = []  # execution ids in the order of their start
CALLS = {}  # operation -> how often it was called
STEER = {"limit": 0}
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Fault(Exception):
    """A query's failure: the text, and the category and type of its AthenaError."""

    def __init__(self, text, category=2, kind=1200):
        super().__init__(text)
        self.category, self.kind = category, kind


def refuse(code, message, **extra):
    return error_response_json(code, message, 400, extra=extra or None)


def start(data):
    sql = data.get("QueryString", "")
    parameters = data.get("ExecutionParameters") or []
    token = data.get("ClientRequestToken")
    if token is not None and not 32 <= len(token) <= 128:
        return refuse("InvalidRequestException", "ClientRequestToken must have 32 to 128 characters")
    if token in TOKENS:
        known, *asked = TOKENS[token]
        if asked != [sql, parameters]:
            return refuse("InvalidRequestException", "Idempotent parameters do not match")
        return json_response({"QueryExecutionId": known})
    try:
        filled = fill(sql, parameters)
    except Fault as fault:
        return refuse("InvalidRequestException", str(fault))
    active = [e for e in athena._executions.values() if e["Status"]["State"] not in ENDED]
    if STEER["limit"] and len(active) >= STEER["limit"]:
        return refuse(
            "TooManyRequestsException",
            "You have exceeded the limit for the number of queries you can run concurrently.",
            Reason="CONCURRENT_QUERY_LIMIT_EXCEEDED",
        )
    workgroup = data.get("WorkGroup", "primary")
    if workgroup not in athena._workgroups:
        return refuse("InvalidRequestException", f"WorkGroup {workgroup} is not found.")
    configured = athena._workgroups[workgroup].get("Configuration", {})
    location = data.get("ResultConfiguration", {}).get("OutputLocation")
    location = location or configured.get("ResultConfiguration", {}).get("OutputLocation")
    if not location:
        return refuse("InvalidRequestException", "No output location provided.")
    context = data.get("QueryExecutionContext", {})
    kind = statement_kind(sql)
    query_id = new_uuid()
    end = "txt" if kind == "UTILITY" else "csv"
    athena._executions[query_id] = {
        "QueryExecutionId": query_id,
        "Query": sql,
        "StatementType": kind,
        "ResultConfiguration": {"OutputLocation": f"{location.rstrip('/')}/{query_id}.{end}"},
        "QueryExecutionContext": {
            "Database": context.get("Database", "default"),
            "Catalog": context.get("Catalog", "AwsDataCatalog"),
        },
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"DataScannedInBytes": 0, "QueryQueueTimeInMillis": 0},
        "WorkGroup": workgroup,
        "EngineVersion": {
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
        "ExecutionParameters": parameters,
        "_stop": asyncio.Event(),
        "_release": asyncio.Event(),
        "_rows": None,
        "_token": token,
    }
    BEGUN.append(query_id)
    if token is not None:
        TOKENS[token] = (query_id, sql, parameters)
    task = asyncio.create_task(execute(athena._executions[query_id], filled))
    athena._executions[query_id]["_task"] = task
    return json_response({"QueryExecutionId": query_id})


async def execute(execution, sql):
    status, statistics = execution["Status"], execution["Statistics"]
    began = time.monotonic()
    status["State"] = "RUNNING"
    try:
        directive = re.search(r"/\* peer: (\w+)(?: (.*?))? \*/", execution["Query"], re.S)
        if directive and directive[1] == "hold":
            await hold(execution)
        if directive and directive[1] == "wait":
            await wait(execution, int(directive[2]) / 1000)
        if execution["_stop"].is_set():
            raise asyncio.CancelledError
        if directive and directive[1] == "fail":
            raise Fault(directive[2])
        database = execution["QueryExecutionContext"]["Database"]
        columns, rows, scanned = await answer(sql, database)
        statistics["DataScannedInBytes"] += scanned
        execution["_columns"], execution["_rows"] = columns, rows
        save(execution)
        state = "SUCCEEDED"
    except asyncio.CancelledError:
        await asyncio.sleep(0.05)
        status["StateChangeReason"] = "Query cancelled by user"
        state = "CANCELLED"
    except Fault as fault:
        status["StateChangeReason"] = str(fault)
        status["AthenaError"] = {
            "ErrorCategory": fault.category,
            "ErrorType": fault.kind,
            "Retryable": fault.category == 1,
            "ErrorMessage": str(fault),
        }
        state = "FAILED"
    elapsed = int((time.monotonic() - began) * 1000)
    statistics["EngineExecutionTimeInMillis"] = elapsed
    statistics["QueryPlanningTimeInMillis"] = min(elapsed, 20)
    statistics["TotalExecutionTimeInMillis"] = elapsed + 30
    statistics["ServiceProcessingTimeInMillis"] = 30
    statistics["ResultReuseInformation"] = {"ReusedPreviousResult": False}
    status["CompletionDateTime"] = time.time()
    status["State"] = state


async def hold(execution):
    while not execution["_release"].is_set() and not execution["_stop"].is_set():
        execution["Statistics"]["DataScannedInBytes"] += 1_000_000
        await asyncio.sleep(0.01)


async def wait(execution, seconds):
    try:
        await asyncio.wait_for(execution["_stop"].wait(), seconds)
    except asyncio.TimeoutError:
        pass


def stop(data):
    execution = athena._executions.get(data.get("QueryExecutionId"))
    if execution is None:
        return refuse("InvalidRequestException", "QueryExecution was not found")
    execution["_stop"].set()
    return json_response({})


def fill(sql, parameters):
    """The statement with its parameters in the place of `?`."""
    pieces = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/)", sql, flags=re.S)
    waiting = list(parameters)
    for at in range(0, len(pieces), 2):
        parts = pieces[at].split("?")
        while len(parts) > 1:
            if not waiting:
                raise Fault("Incorrect number of parameters: expected more")
            parts[0:2] = [parts[0] + waiting.pop(0) + parts[1]]
        pieces[at] = parts[0]
    if waiting:
        raise Fault("Incorrect number of parameters: expected fewer")
    return "".join(pieces)


def statement_kind(sql):
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.S).strip().upper()
    word = (re.findall(r"[A-Z]+", bare) or [""])[0]
    if word in ("SELECT", "WITH", "VALUES", "INSERT", "DELETE", "UPDATE", "MERGE", "UNLOAD"):
        return "DML"
    if word in ("CREATE", "DROP", "ALTER", "MSCK"):
        return "DDL"
    return "UTILITY"


async def answer(sql, database):
    """Columns as (name, type), rows as texts or None, bytes scanned."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.S).strip().rstrip(";")
    ddl = athena._parse_ddl(bare)
    if ddl is not None:
        try:
            athena._run_ddl(ddl, database)
        except ValueError as error:
            raise Fault(f"FAILED: {error}") from error
        return [], [], 0
    if re.fullmatch(r"SHOW\s+TABLES", bare, re.I):
        names = sorted(k.split("/", 1)[1] for k in glue._tables if k.startswith(database + "/"))
        return [("tab_name", "string")], [[name] for name in names], 0
    explain = re.match(r"EXPLAIN\s+(\([^)]*\)\s+)?", bare, re.I)
    if explain:
        # The lines before the statement count in the places of its faults.
        rest = "\n" * explain[0].count("\n") + bare[explain.end():]
        _, plan, _ = await run(rest, database, "EXPLAIN ")
        lines = "\n".join(str(row[-1]) for row in plan).split("\n")
        return [("Query Plan", "varchar")], [[line] for line in lines], 0
    columns, rows, scanned = await run(sql, database)
    return columns, [[text(value, kind) for value, (_, kind) in zip(row, columns)] for row in rows], scanned


async def run(sql, database, before=""):
    try:
        translated = sqlglot.transpile(sql, read="athena", write="duckdb")[0]
    except sqlglot.errors.ParseError as error:
        place = (error.errors or [{}])[0]
        at = f"line {place.get('line', 1)}:{place.get('col', 1)}"
        raise Fault(f"SYNTAX_ERROR: {at}: mismatched input", kind=1006) from error
    rewritten, _, workdirs = await athena._rewrite_data_paths(translated, database)
    scanned = sum(
        os.path.getsize(os.path.join(folder, name))
        for workdir in workdirs
        for folder, _, names in os.walk(workdir)
        for name in names
    )

    def work():
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            result = connection.execute(before + rewritten)
            columns = [(name, athena_type(str(kind))) for name, kind, *_ in result.description or []]
            return columns, result.fetchall()

    try:
        columns, rows = await asyncio.to_thread(work)
        return columns, rows, scanned
    except duckdb.Error as error:
        raise explained(sql, database, str(error)) from error
    finally:
        for workdir in workdirs:
            athena.shutil.rmtree(workdir, ignore_errors=True)


def explained(sql, database, error):
    """DuckDB's error in the words of Athena's."""

    def place(name):
        found = re.search(rf"\b{re.escape(name)}\b", sql, re.I)
        before = sql[: found.start() if found else 0]
        return f"line {before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"

    table = re.search(r"Table with name (\S+) does not exist", error)
    column = re.search(r'Referenced column "(.+?)" (?:was )?not found', error)
    function = re.search(r"(?:Scalar )?Function with name (\S+) does not exist", error)
    if table:
        name = table[1].strip('"!')
        full = f"awsdatacatalog.{database}.{name}"
        return Fault(f"TABLE_NOT_FOUND: {place(name)}: Table '{full}' does not exist", kind=1100)
    if column:
        return Fault(f"COLUMN_NOT_FOUND: {place(column[1])}: Column '{column[1]}' cannot be resolved", kind=1101)
    if function:
        return Fault(f"FUNCTION_NOT_FOUND: {place(function[1])}: Function '{function[1]}' not registered", kind=1102)
    if "Conversion Error" in error:
        return Fault("INVALID_CAST_ARGUMENT: " + error.split(":", 1)[1].split("\n")[0].strip(), kind=1200)
    if "Binder Error" in error:
        return Fault("TYPE_MISMATCH: line 1:8: " + error.split(":", 1)[1].split("\n")[0].strip(), kind=1103)
    return Fault("GENERIC_INTERNAL_ERROR: " + error.split("\n")[0], category=1, kind=1)


def athena_type(kind):
    if kind.endswith("[]"):
        return "array"
    base = kind.split("(")[0].strip()
    if base in ("STRUCT", "MAP", "DECIMAL"):
        return {"STRUCT": "row", "MAP": "map", "DECIMAL": kind.lower().replace(" ", "")}[base]
    if base == "TIMESTAMP WITH TIME ZONE":
        return "timestamp with time zone"
    if base in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return "timestamp"
    if base == "JSON":
        return "json"
    if base == "HUGEINT":
        return "bigint"
    return athena._DUCKDB_TYPE_MAP.get(base, "varchar")


def text(value, kind=""):
    """A value as Athena prints it; None for NULL."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        zone = " UTC" if value.tzinfo is not None else ""
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}" + zone
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S.") + f"{value.microsecond // 1000:03}"
    if isinstance(value, float):
        return java_double(shortest(value) if kind in ("float", "real") else value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={within(member)}" for key, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(within(member) for member in value) + "]"
    return str(value)


def within(value):
    return "null" if value is None else text(value)


def shortest(value):
    """The number with the fewest digits that is this one in four bytes."""
    if value != value or value in (float("inf"), float("-inf")):
        return value
    four = struct.pack("f", value)
    tries = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((number for number in tries if struct.pack("f", number) == four), value)


def java_double(value):
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = decimal.Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, digits)).rstrip("0") or "0"
    power = exponent + len(decimal.Decimal(repr(value)).as_tuple().digits) - 1
    return f"{'-' if sign else ''}{digits[0]}.{digits[1:] or '0'}E{power}"


def save(execution):
    """Writes the result object as Athena writes it."""
    location = urlparse(execution["ResultConfiguration"]["OutputLocation"])
    names = [name for name, _ in execution["_columns"]]
    if execution["StatementType"] == "UTILITY":
        body = "".join("\t".join(value or "" for value in row) + "\n" for row in execution["_rows"])
    else:
        body = "".join(line(row) for row in [names, *execution["_rows"]] if names)
    data = body.encode()
    answer = s3._put_object(
        location.netloc, location.path.lstrip("/"), data, {"content-length": str(len(data))}
    )
    if answer[0] >= 300:
        raise Fault(f"Unable to verify/create output bucket {location.netloc}", kind=1301)


def line(values):
    quoted = ['' if value is None else '"' + value.replace('"', '""') + '"' for value in values]
    return ",".join(quoted) + "\n"


def results(data):
    execution = athena._executions.get(data.get("QueryExecutionId"))
    if execution is None:
        return refuse("InvalidRequestException", "QueryExecution was not found")
    state = execution["Status"]["State"]
    if state != "SUCCEEDED":
        return refuse(
            "InvalidRequestException", f"Query did not finish successfully. Final query state: {state}"
        )
    names = [name for name, _ in execution["_columns"]]
    header = [names] if execution["StatementType"] == "DML" else []
    rows = header + execution["_rows"]
    first = int(data.get("NextToken") or 0)
    last = first + data.get("MaxResults", 1000)
    page = {
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": [
                {"Data": [{} if v is None else {"VarCharValue": v} for v in row]}
                for row in rows[first:last]
            ],
            "ResultSetMetadata": {
                "ColumnInfo": [column_info(name, kind) for name, kind in execution["_columns"]]
            },
        },
    }
    if last < len(rows):
        page["NextToken"] = str(last)
    return json_response(page)


def column_info(name, kind):
    sized = re.fullmatch(r"decimal\((\d+),(\d+)\)", kind)
    base = "decimal" if sized else kind
    known = athena._type_precision_scale(base)
    precision, scale = (int(sized[1]), int(sized[2])) if sized else known
    if base in ("varchar", "string"):
        precision = 2147483647
    if base.startswith("timestamp"):
        precision = 3
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": base,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": base == "varchar",
    }


def get_one(data):
    execution = athena._executions.get(data.get("QueryExecutionId"))
    if execution is None:
        return refuse("InvalidRequestException", "QueryExecution was not found")
    return json_response({"QueryExecution": athena._execution_out(execution)})


def counted(name, handler):
    def call(data):
        CALLS[name] = CALLS.get(name, 0) + 1
        return handler(data)

    return call


athena._start_query_execution = counted("StartQueryExecution", start)
athena._stop_query_execution = counted("StopQueryExecution", stop)
athena._get_query_execution = counted("GetQueryExecution", get_one)
athena._batch_get_query_execution = counted(
    "BatchGetQueryExecution", athena._batch_get_query_execution
)
athena._get_query_results = counted("GetQueryResults", results)


def steer(path, query):
    if path == "/_peer/state":
        return {
            "started": len(BEGUN),
            "calls": CALLS,
            "executions": [
                {"id": i, "state": e["Status"]["State"], "token": e["_token"], "query": e["Query"]}
                for i, e in everything()
            ],
        }
    if path == "/_peer/release":
        for _, execution in everything():
            execution["_release"].set()
        return {}
    if path == "/_peer/check-access":
        ministack.app.AUTH = True
        return {}
    if path == "/_peer/limit":
        STEER["limit"] = int(query["active"][0])
        return {}
    return None


def everything():
    """Every execution of every account and Region, in the order of their start."""
    known = {key[-1]: value for key, value in athena._executions._data.items()}
    return [(i, known[i]) for i in BEGUN if i in known]


async def app(scope, receive, send):
    if scope["type"] == "http" and scope["path"].startswith("/_peer/"):
        told = steer(scope["path"], parse_qs(scope["query_string"].decode()))
        head = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200 if told is not None else 404, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})
        return
    await ministack.app.app(scope, receive, send)


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    threading.Thread(target=end_with_parent, daemon=True).start()
    config = hypercorn.config.Config()
    config.bind = [f"fd://{LISTENER.fileno()}"]
    config.loglevel = "ERROR"
    config.keep_alive_timeout = 75
    print(PORT, flush=True)
    asyncio.run(hypercorn.asyncio.serve(app, config))


main()
