"""Every payment provider there is. A new one is a file beside this one and a line in `PROVIDERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from application.payment_ports import Gateway
from domain.payments import PaymentMethod
from infrastructure.database import Database
from infrastructure.gateways.metered import MeteredGateway
from infrastructure.gateways.mtn_momo.gateway import MtnMomoGateway
from infrastructure.gateways.sandbox import SandboxGateway
from infrastructure.refusals import Refused
from infrastructure.settings import Settings

NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider is made, which kinds of payment it takes, and which settings (fields) it cannot do without."""

    make: Callable[[Settings, Database], Gateway]
    methods: frozenset[PaymentMethod]
    needs: tuple[str, ...] = ()


def _stripe(settings: Settings, database: Database) -> Gateway:
    from infrastructure.gateways.stripe.gateway import StripeGateway  # its library is a tenth of a process's start

    return StripeGateway.of(settings, database)


PROVIDERS: Final[Mapping[str, Provider]] = {
    SandboxGateway.name: Provider(
        lambda settings, database: SandboxGateway(database, settings.public_url), frozenset({"card", "mobile_money"})
    ),
    "stripe": Provider(_stripe, frozenset({"card"}), ("stripe_secret_key", "stripe_webhook_secrets")),
    MtnMomoGateway.name: Provider(
        MtnMomoGateway.of,
        frozenset({"mobile_money"}),
        ("mtn_momo_api_user", "mtn_momo_api_key", "mtn_momo_collection_key", "mtn_momo_disbursement_key"),
    ),
}


def offered(settings: Settings, providers: Mapping[str, Gateway]) -> dict[PaymentMethod, Gateway]:
    """Who of `providers` takes each kind of payment. Raises Refused for a name that is nobody's or cannot take it."""
    named: dict[PaymentMethod, str] = {"card": settings.card_provider, "mobile_money": settings.mobile_money_provider}
    for method, name in named.items():
        able = [NONE, *(each for each, provider in PROVIDERS.items() if method in provider.methods)]
        if name not in able:
            raise Refused(f"LODGER_{method.upper()}_PROVIDER is {name!r}: it should be one of {', '.join(able)}")
        missing = [field for field in _needs(name) if not getattr(settings, field)]
        if missing:
            variables = ", ".join(f"LODGER_{field.upper()}" for field in missing)
            raise Refused(f"LODGER_{method.upper()}_PROVIDER is {name!r}, which needs {variables}")
    return {method: providers[name] for method, name in named.items() if name in providers}


def made(settings: Settings, database: Database) -> dict[str, Gateway]:
    """Every provider that the settings suffice for, by name: payments once begun with one are ended with it."""
    able = {name: p for name, p in PROVIDERS.items() if all(getattr(settings, field) for field in p.needs)}
    if not settings.sandbox:
        able.pop(SandboxGateway.name, None)
    return {name: MeteredGateway(provider.make(settings, database)) for name, provider in able.items()}


def _needs(name: str) -> tuple[str, ...]:
    return PROVIDERS[name].needs if name in PROVIDERS else ()
