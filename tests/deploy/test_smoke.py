"""The demonstration's city and stay against a stack that runs elsewhere: `deploy/smoke.sh` starts one from compose."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from infrastructure.demo import words
from infrastructure.demo.city import city
from infrastructure.demo.client import Api
from infrastructure.demo.load import THREADS, Loader
from infrastructure.demo.screen import Screen
from infrastructure.demo.walk import Walk
from tests.deploy.compose_file import dotenv

SEED = 1


@pytest.mark.skipif("SMOKE_ENV" not in os.environ, reason="SMOKE_ENV names no .env of a running stack")
def test_a_city_is_loaded_and_a_stay_goes_as_it_should() -> None:
    env = dotenv(Path(os.environ["SMOKE_ENV"]).read_text())
    today = datetime.fromisoformat(env["LODGER_CLOCK"]).astimezone(ZoneInfo(words.ZONE)).date()
    token = env["LODGER_OPERATOR_TOKEN"]
    inbox = f"http://127.0.0.1:{env.get('LODGER_INBOX_PORT', 8025)}"
    api = Api(f"http://127.0.0.1:{env.get('LODGER_HTTP_PORT', 8000)}", THREADS, inbox)
    screen = Screen(Console())

    Loader(api, city(SEED, today), screen.console, token).load()

    Walk(api, screen, token, today, run=f"smoke-{SEED}").take()  # raises at the first step that fails
