"""Who asks: one client for each column of the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Final

from domain.users import StaffRole
from tests.api.people import PASSWORD, verify
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

STAFF: Final[tuple[StaffRole, ...]] = ("analyst", "auditor", "operator", "admin")
MAILS_END: Final = "@permissions.example"
NAMES_BEGIN: Final = "Somebody-"
PHONES_BEGIN: Final = "+25677290"
"""What nobody reads of anybody else."""

_numbers = count(1)


@dataclass
class Cast:
    """Everybody. What there is belongs to `guest` and `host`; the other two have as much to do with it as anybody.

    Who is suspended does nothing and may be the same for all.
    """

    stack: Stack
    suspended: Client | None = None
    clients: dict[str, Client] = field(init=False)
    browser: Client = field(init=False)
    """The guest with a session's cookie, and without the token that goes with it."""

    def __post_init__(self) -> None:
        stack = self.stack
        guest, host = person(stack), hosting(person(stack))
        analyst = person(stack, "analyst")
        self.clients = {
            "anonymous": stack.anybody(),
            "unverified": person(stack, verified=False),
            "guest": guest,
            "other guest": person(stack),
            "host": host,
            "other host": hosting(person(stack)),
            "analyst": analyst,
            **{role: person(stack, role) for role in STAFF[1:]},
            "settings": Client(stack, OPERATOR_TOKEN),
            "guest's key": keyed(guest, *KEY_SCOPES),
            "unscoped key": keyed(analyst, "analytics:read"),
            "suspended": self.suspended or suspended(person(stack)),
        }

        for client in self.clients.values():
            client.forget_cookies()
        self.browser = browsing(guest)

    def __getitem__(self, principal: str) -> Client:
        return self.clients[principal]


KEY_SCOPES: Final = tuple(
    f"{noun}:{deed}"
    for noun, deeds in {
        "bookings": "read write",
        "calendars": "read write",
        "changes": "read",
        "messages": "read write",
        "notifications": "read write",
        "payments": "read write",
        "payouts": "read",
        "properties": "read write",
        "reviews": "read write",
        "statements": "read",
        "webhook_endpoints": "read write",
    }.items()
    for deed in deeds.split()
)
"""All that somebody without a role can give a key."""


def registered(stack: Stack) -> Client:
    """Somebody new, who has done nothing yet."""
    number = next(_numbers)
    wanted = {"username": f"person-{number}", "email": f"person-{number}{MAILS_END}", "password": PASSWORD}
    answer = stack.anybody().post("/v1/users", {**wanted, "name": f"{NAMES_BEGIN}{number}"})
    assert answer.status_code == 201, answer.text
    return Client(stack, user=json_of(answer))


def person(stack: Stack, *roles: StaffRole, verified: bool = True) -> Client:
    """Somebody new with a telephone, who logs in when all this is so of them."""
    client = registered(stack)
    if verified:
        verify(stack, client)
    for role in roles:
        operate(client, "grant-role", role=role)
    token = stack.anybody().post("/v1/auth/tokens", {"email": client.user["email"], "password": PASSWORD})
    assert token.status_code == 200, token.text
    client.token = json_of(token)["access_token"]
    changed = client.patch("/v1/users/me", {"phone": f"{PHONES_BEGIN}{next(_numbers):04}"}, If_Match='"1"')
    assert changed.status_code == 200, changed.text
    client.user = json_of(changed)
    return client


def hosting(client: Client) -> Client:
    assert client.post("/v1/users/me/hosting").status_code == 200
    return client


def browsing(client: Client) -> Client:
    """The same user by a session's cookie alone, as another site's page may send it."""
    browser = Client(client.stack, user=client.user)
    begun = browser.post("/v1/sessions", {"email": client.user["email"], "password": PASSWORD})
    assert begun.status_code == 201, begun.text
    return browser


def suspended(client: Client) -> Client:
    operate(client, "suspend")
    return client


def keyed(client: Client, *scopes: str) -> Client:
    """The same user by an API key."""
    made = client.post("/v1/api-keys", {"name": "a machine", "scopes": list(scopes)})
    assert made.status_code == 201, made.text
    return Client(client.stack, json_of(made)["key"], client.user)


def operate(client: Client, act: str, **what: str) -> None:
    """Have an act of staff done to somebody."""
    path = f"/v1/operator/users/{client.id}/{act}"
    answer = Client(client.stack, OPERATOR_TOKEN).post(path, {"reason": "for the table", **what})
    assert answer.status_code == 200, answer.text
