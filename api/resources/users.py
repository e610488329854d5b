"""Users: registering, one's own account, hosting, and what others see."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out, etag, expected_version
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource, limited
from api.schemas.fields import NothingSchema
from api.schemas.listings import ListingsSchema, OwnListingsSchema, listed
from api.schemas.users import AccountSchema, ProfileSchema, PublicProfileSchema, RegisterSchema, account
from application import accounts, users
from application.addresses import EMAIL, email_address, username
from application.ports import Answer, Person
from application.streams import Stream
from application.users import Profile, Register
from domain.events import Actor
from domain.users import User, UserFact
from projections.listings import LISTINGS, of_host

resource = Resource("users", __name__, url_prefix="/v1/users", description="Accounts and profiles.")

UserStream = Stream[User, UserFact]


@resource.command(
    "POST",
    "",
    AccountSchema,
    body=RegisterSchema,
    status=201,
    who="anyone",
    returns=["Location", "ETag"],
    example={"username": "ada", "email": "ada@example.org", "name": "Ada", "password": "correct horse battery"},
)
@limited("registration")
def register(body: dict[str, Any]) -> Response:
    """Open an account."""
    lodger = edge().lodger
    user_id = lodger.new_id()
    command = Register(**body)
    # keys of strangers must not meet: each address has a space of its own
    principal = f"email:{lodger.signer.digest(EMAIL, email_address(command.email)).hex()}"

    def show(stream: UserStream, now: datetime) -> Answer:
        person = Person(
            user_id=stream.id,
            username=username(command.username),
            email=email_address(command.email),
            name=command.name,
            phone=None,
            bio="",
            password_hash=None,
            version=1,
            created_at=now,
        )
        return answer(
            AccountSchema, account(person, stream.state), 201, Location=f"/v1/users/{stream.id}", ETag=etag(1)
        )

    return carry_out(
        lambda call: users.register(lodger, call, user_id, command).answer,
        show,
        actor=Actor("user", str(user_id)),
        principal=principal,
    )


@resource.query("/me", AccountSchema, returns=["ETag"], refuses=[404])
def show_me() -> tuple[dict[str, Any], dict[str, str]]:
    """Your own account."""
    person, user = users.find(edge().lodger, signed_in())
    return account(person, user.state), {"ETag": etag(person.version)}


@resource.command(
    "PATCH",
    "/me",
    AccountSchema,
    body=ProfileSchema,
    example={"bio": "I like creeks.", "phone": "+256772123456", "languages": ["en", "lg"]},
    if_match=True,
    returns=["ETag"],
    refuses=[404],
)
def change_me(body: dict[str, Any]) -> Response:
    """Change your profile. What is left out stays as it is."""
    version = expected_version()
    if "phone" in body:
        body["phone"] = body["phone"] or ""
    if "languages" in body:
        body["languages"] = tuple(dict.fromkeys(body["languages"]))

    def show(changed: tuple[Person, UserStream], _: datetime) -> Answer:
        person, user = changed
        return answer(AccountSchema, account(person, user.state), ETag=etag(person.version))

    lodger = edge().lodger
    return carry_out(
        lambda call: users.change_profile(lodger, call, signed_in(), version, Profile(**body)),
        show,
    )


@resource.command("POST", "/me/deactivation", None, status=204, refuses=[403, 404])
def deactivate_me() -> Response:
    """Close your account for now. You are logged out everywhere and your listings are offered no more; bookings stay.

    To come back: POST /v1/auth/reactivation.
    """
    lodger = edge().lodger
    return carry_out(
        lambda call: accounts.deactivate(lodger, call, signed_in()).answer,
        lambda _stream, _now: answer(None, None, 204),
    )


@resource.command("POST", "/me/hosting", PublicProfileSchema, body=NothingSchema, optional=True, refuses=[404])
def become_host(_: dict[str, Any]) -> Response:
    """Start hosting. Again changes nothing."""
    lodger = edge().lodger
    person, _user = users.find(lodger, signed_in())
    return carry_out(
        lambda call: users.become_host(lodger, call, signed_in()).answer,
        lambda stream, _: answer(PublicProfileSchema, account(person, stream.state)),
    )


@resource.query("/me/properties", ListingsSchema, arguments=OwnListingsSchema, waits=True, scope="properties")
def list_my_properties(arguments: dict[str, Any]) -> dict[str, Any]:
    """Your properties, drafts too; newest first."""
    page = page_asked(arguments, "own", signed_in())
    with reading(LISTINGS) as cursor:
        found = of_host(cursor, signed_in(), page.after, page.limit)
    return {"properties": [listed(listing) for listing in found.items], "next_cursor": page.next_cursor(found.after)}


@resource.query("/<uuid:user_id>", PublicProfileSchema, who="anyone", refuses=[404])
def show_user(user_id: UUID) -> dict[str, Any]:
    """What others see of a user."""
    person, user = users.find(edge().lodger, user_id)
    return account(person, user.state)
