"""Many people at once, over real HTTP. Nights that all of them want: tests/faults/test_herd.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from tests.api.people import PASSWORD
from tests.api.server import call, serving
from tests.api.stack import Stack

CROWD = 200


@pytest.fixture
def port(stack: Stack) -> Iterator[int]:
    with serving(stack.wired.settings.database_url) as server:
        yield server.port


@pytest.mark.slow
def test_two_hundred_registrations_of_one_address_make_one_account(stack: Stack, port: int) -> None:
    def sign_up(n: int) -> int:
        account = {"username": f"ada{n}", "email": "ada@example.org", "name": "Ada", "password": PASSWORD}
        while (status := call(port, "POST", "/v1/users", account)[0]) == 503:
            sleep(0.2)  # passwords are worked on few at once, and the others asked to come back
        return status

    with ThreadPoolExecutor(CROWD) as crowd:
        outcomes = Counter(crowd.map(sign_up, range(CROWD)))

    assert outcomes == {201: 1, 409: 199}
    assert stack.count("SELECT count(*) FROM events WHERE type = 'UserRegistered'") == 1
