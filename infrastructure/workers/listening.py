"""Dramatiq's broker on Redis, whose consumers hear of a message when it comes instead of looking for it."""

from __future__ import annotations

from threading import Event
from typing import Any, Final

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

from infrastructure.workers.waker import key

_LISTEN_SECONDS: Final = 0.1
"""How long Redis is asked to wait for a message: well below what the client waits for an answer at all."""

_DELAYED_MS: Final = 500


class Broker(RedisBroker):
    """Looks seldom for messages that are to wait: nobody sends any, and a look costs what one for the others does.

    These looks also tell the other workers that this one is alive.
    """

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        """Times are in milliseconds."""
        if queue_name.endswith(".DQ"):
            return super().consume(queue_name, prefetch, _DELAYED_MS)
        return _Listening(self, queue_name, prefetch, timeout)


class _Listening(_RedisConsumer):
    """Waits in Redis until there is a message, and for the worker while it has one.

    A look every 10 ms found messages that much later, and was a twelfth of a processor in a worker that had nothing to
    do.
    """

    def __init__(self, broker: Broker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        self._has_room = Event()

    def ack(self, message: Any) -> None:
        super().ack(message)  # type: ignore[no-untyped-call]
        self._has_room.set()

    def nack(self, message: Any) -> None:
        super().nack(message)  # type: ignore[no-untyped-call]
        self._has_room.set()

    def __next__(self) -> dramatiq.MessageProxy | None:
        """None when there is none yet. Raises ConnectionClosed."""
        if not self.message_cache:
            self._has_room.clear()
            if self.outstanding_message_count >= self.prefetch:
                self._has_room.wait(self.timeout / 1000)
                return None
            if not self._hears():
                return None
        return super().__next__()  # type: ignore[no-any-return,no-untyped-call]

    def _hears(self) -> bool:
        """Whether there is a message. It stays where it is: taken from one end of the queue and put back there."""
        queue = key(self.queue_name)
        try:
            return self.broker.client.blmove(queue, queue, _LISTEN_SECONDS, "RIGHT", "RIGHT") is not None
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
