"""How refusals of API keys are met."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from werkzeug.test import TestResponse

from domain.policies import API_KEYS_MAX
from tests.api.people import register, wait
from tests.api.refusals import scene
from tests.api.stack import Client, Stack
from tests.api_keys.keys import KEYS, machine, make


@scene("scope_missing")
def _scope_missing(stack: Stack) -> TestResponse:
    bob = register(stack)
    return machine(bob, make(bob, "bookings:read")["key"]).get("/v1/changes")


@scene("api_key_invalid")
def _invalid(stack: Stack) -> TestResponse:
    return Client(stack, "lk_live_x").get("/v1/changes")


@scene("api_key_not_found")
def _not_found(stack: Stack) -> TestResponse:
    return register(stack).delete(f"{KEYS}/{uuid4()}")


@scene("api_key_expired")
def _expired(stack: Stack) -> TestResponse:
    bob = register(stack)
    made = make(bob, "bookings:read", expires_at=(stack.now() + timedelta(minutes=1)).isoformat())
    wait(stack, 1)
    return bob.post(f"{KEYS}/{made['id']}/roll")


@scene("api_key_expiry_past")
def _expiry_past(stack: Stack) -> TestResponse:
    wanted = {"name": "Late", "scopes": ["bookings:read"], "expires_at": stack.now().isoformat()}
    return register(stack).post(KEYS, wanted)


@scene("too_many_api_keys")
def _too_many(stack: Stack) -> TestResponse:
    bob = register(stack)
    for _ in range(API_KEYS_MAX):
        make(bob, "bookings:read")
    return bob.post(KEYS, {"name": "One more", "scopes": ["bookings:read"]})
