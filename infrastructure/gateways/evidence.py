"""What a provider said, kept to the letter, so that a payment event can name it by its hash."""

from __future__ import annotations

from hashlib import sha256

from domain.payments import Evidence
from infrastructure.database import Connection


def evidence_of(connection: Connection, provider: str, reference: str, body: str) -> Evidence:
    """Store `body` in the transaction of `connection` and name it.

    By `reference` it is found when the person whom it names is forgotten: the hash stays then, the body goes.
    """
    digest = sha256(body.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO provider_answers (sha256, provider, reference, body) VALUES (%s, %s, %s, %s)
               ON CONFLICT DO NOTHING""",
            [digest, provider, reference, body],
        )
    return Evidence(provider, reference, digest)
