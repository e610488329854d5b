"""SIGTERM: the API finishes what it has begun, workers leave nothing half done."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from tests.api.people import CHECK_IN, CHECK_OUT, PASSWORD, host, listing, register, stay
from tests.api.server import call
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.support.projection_checkers import misapplied
from tests.support.workers import Stage

pytestmark = pytest.mark.slow


def test_a_request_under_way_is_answered_though_the_api_was_told_to_stop(stack: Stack) -> None:
    guest, property_id = register(stack), listing(host(stack))
    process = ApiProcess(stack.wired.settings.database_url)
    credentials = {"email": guest.user["email"], "password": PASSWORD}
    token = call(process.port, "POST", "/v1/auth/tokens", credentials)[1]["access_token"]

    # given a booking that waits for a rival whose transaction has not ended
    rival = psycopg2.connect(stack.wired.settings.database_url)
    with rival.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute(
            "INSERT INTO nights (property_id, claim_id, nights, lane) VALUES (%s, gen_random_uuid(), %s, '(,)')",
            [property_id, f"[{CHECK_IN},{CHECK_OUT})"],
        )
        booking = pool.submit(
            call, process.port, "POST", "/v1/bookings", stay(property_id), token, Idempotency_Key="k1"
        )
        time.sleep(0.5)
        assert not booking.done()

        # when the API is told to stop and the rival gives up
        process.signal(signal.SIGTERM)
        time.sleep(0.5)
        rival.rollback()

        # then the booking is answered
        assert booking.result()[0] == 201
    rival.close()
    assert process.exit_code() == 0


def test_an_api_that_is_told_to_stop_says_so_and_serves_on_until_its_balancer_knows(stack: Stack) -> None:
    process = ApiProcess(stack.wired.settings.database_url, LODGER_DRAIN_SECONDS="4")
    process.signal(signal.SIGTERM)
    while (told := call(process.port, "GET", "/readyz"))[0] == 200:
        time.sleep(0.05)

    assert told[0] == 503
    assert {name for name, said in told[1]["checks"].items() if said == "failing"} == {"stays"}
    assert call(process.port, "GET", "/v1/properties")[0] == 200
    assert process.exit_code() == 0


def test_workers_that_are_told_to_stop_under_load_leave_all_to_the_next_ones(stage: Stage) -> None:
    workers = stage.workers()
    with stage.load():
        time.sleep(4)
        workers.stop()
        workers = stage.workers()
        time.sleep(3)
    stage.wait_until_caught_up()
    workers.stop()
    assert misapplied(stage.database) == {}
