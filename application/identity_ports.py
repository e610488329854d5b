"""What logging in with another provider's word needs from outside, as protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

CALLBACK: Final = "/v1/auth/oidc/callback"
"""Where the provider sends browsers back to, below the public URL: it has to be told so."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider. `subject` never changes there; all else is what the provider says of them today.

    `email_verified` is the provider's word that they read this address's mail.
    """

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str | None
    username: str | None


class IdentityProvider(Protocol):
    """An OpenID Connect provider. `verifier` is what proves that a code is handed in by who asked for it (PKCE)."""

    def login_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser. Raises Rejected `oidc_provider_unavailable`."""
        ...

    def identify(self, code: str, issuer: str | None, nonce: str, verifier: str) -> Identity:
        """Who came back with this code. `issuer` is whose answer it is said to be, if that was said (RFC 9207).

        Raises Rejected `oidc_denied`, `oidc_token_invalid`, `oidc_provider_unavailable`.
        """
        ...


class Identities(Protocol):
    """Whose identities at providers are whose, and which logins were finished."""

    def link(self, user_id: UUID, digest: bytes) -> None:
        """Let whoever this is at a provider be a user; again changes nothing. Raises IdentityTaken."""
        ...

    def disown(self, user_id: UUID) -> None:
        """Take a user's password away."""
        ...

    def finish(self, login_id: UUID) -> bool:
        """Note that a login is finished; whether it was not before."""
        ...
