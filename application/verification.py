"""Use cases of verified addresses: the link in a mail, and what follows from it.

The link's token says whose address it is for and until when, signed; so it stands in the mail alone and nowhere else.
It works once, because an address is verified once.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final
from uuid import UUID

from application.addresses import EMAIL, email_address
from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Person
from application.streams import USER, Done
from domain import users
from domain.policies import VERIFICATION_LINK
from domain.rejections import Rejected
from domain.users import User, UserFact

_TOKEN: Final = "email_token"  # noqa: S105 - what it is for
_STATE: Final = "account state"


def token_for(lodger: Lodger, person: Person) -> str:
    """What proves that somebody reads a person's mail."""
    claims = {"sub": str(person.user_id), "email": lodger.signer.digest(_STATE, person.email).hex()}
    return lodger.signer.sign(_TOKEN, claims, lodger.clock.now() + VERIFICATION_LINK)


def addressee(lodger: Lodger, token: str) -> UUID:
    """Whose address it verifies. Raises Rejected `email_token_invalid`, of an address that is no more theirs too, and
    `email_token_expired`."""
    claims = lodger.signer.verify(_TOKEN, token, lodger.clock.now())
    user_id = UUID(str(claims["sub"]))
    person = lodger.people.get([user_id]).get(user_id)
    addresses = lodger.signer.digests(_STATE, person.email) if person else ()
    if not any(compare_digest(address.hex(), str(claims["email"])) for address in addresses):
        raise Rejected("email_token_invalid", "This is for an address that is not the account's.")
    return user_id


@retried
def verify(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    """From now on they may book and publish. Raises Rejected `email_token_used`: the link works once."""
    user = lodger.load(USER, user_id, call)
    facts = users.verify_email(user.state)
    if not facts:
        raise Rejected("email_token_used", "The address is confirmed already: there is nothing left to do.")
    return lodger.append(call, user.then(facts))


def ask_for_letter(lodger: Lodger, email: str) -> None:
    """Have the mail sent again, if the address is somebody's and not verified; who asks learns neither.

    Raises Rejected `email_malformed`.
    """
    lodger.asked_letters.ask("verify_email", lodger.signer.digests(EMAIL, email_address(email)))
