"""Second factors: plain rows with sealed secrets, and the codes that follow from those."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import pyotp

from domain.second_factors import SecondFactor
from infrastructure.database import Database
from infrastructure.sealing import Sealer

ISSUER: Final = "Lodger"
"""How authenticators name what a code is for."""

_COLUMNS: Final = "sealed, is_confirmed, last_step, recovery, wrong, wrong_at"

R = TypeVar("R")


class SecondFactorTable:
    """Implements `application.second_factor_ports.SecondFactors`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def begin(self, user_id: UUID, factor_id: UUID, secret: str) -> None:
        """See the port."""
        sealed = self._sealer.seal(factor_id, secret.encode())
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM second_factors WHERE user_id = %s AND NOT is_confirmed", [user_id])
            cursor.execute(
                "INSERT INTO second_factors (factor_id, user_id, sealed) VALUES (%s, %s, %s)",
                [factor_id, user_id, sealed],
            )

    def begun(self, user_id: UUID) -> UUID | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT factor_id FROM second_factors WHERE user_id = %s AND NOT is_confirmed
                   ORDER BY made_at DESC LIMIT 1""",
                [user_id],
            )
            row = cursor.fetchone()
        return row[0] if row else None

    def find(self, factor_id: UUID) -> SecondFactor | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM second_factors WHERE factor_id = %s", [factor_id])  # noqa: S608
            row = cursor.fetchone()
        return self._factor(factor_id, row) if row else None

    def change(self, factor_id: UUID, decide: Callable[[SecondFactor], tuple[SecondFactor, R]]) -> R | None:
        """See the port: the row is locked meanwhile."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM second_factors WHERE factor_id = %s FOR UPDATE",  # noqa: S608 - constants
                [factor_id],
            )
            row = cursor.fetchone()
            if row is None:
                return None
            changed, said = decide(self._factor(factor_id, row))
            cursor.execute(
                """UPDATE second_factors
                   SET (is_confirmed, last_step, recovery, wrong, wrong_at) = (%s, %s, %s::bytea[], %s, %s)
                   WHERE factor_id = %s""",
                [
                    *(changed.is_confirmed, changed.last_step, list(changed.recovery)),
                    *(changed.wrong, changed.wrong_at, factor_id),
                ],
            )
        return said

    def forget(self, user_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM second_factors WHERE user_id = %s", [user_id])

    def _factor(self, factor_id: UUID, row: tuple[Any, ...]) -> SecondFactor:
        sealed, is_confirmed, last_step, recovery, wrong, wrong_at = row
        secret = self._sealer.open(factor_id, bytes(sealed)).decode()
        digests = frozenset(bytes(digest) for digest in recovery)
        return SecondFactor(secret, is_confirmed, last_step, digests, wrong, wrong_at)


class TimedCodes:
    """Implements `application.second_factor_ports.Authenticators`: six digits each 30 seconds, by HMAC-SHA-1, which is
    what every authenticator can do."""

    def new_secret(self) -> str:
        """160 bits, in base 32."""
        return pyotp.random_base32()

    def uri(self, secret: str, account: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)

    def step_of(self, secret: str, code: str, now: datetime) -> int | None:
        """See the port: a clock may be half a minute off, either way."""
        codes = pyotp.TOTP(secret)
        this = codes.timecode(now)
        for step in (this, this - 1, this + 1):
            if hmac.compare_digest(codes.generate_otp(step).encode(), code.encode()):
                return step
        return None
