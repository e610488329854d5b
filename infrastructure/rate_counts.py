"""Counts of requests in fixed windows: each process counts by itself, and ten times a second they add up in Redis.

So no request waits for Redis or pays for asking it, and while Redis is away each process still counts what it sees.
Between two meetings a process does not know what the others have counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import sleep, time
from typing import Final

import redis
import structlog
from cachetools import TTLCache

from api.limits import Count, Limit, Limiter, Name
from api.metrics import count_sharing
from infrastructure.redis_client import redis_client
from infrastructure.settings import Settings

_APART_SECONDS: Final = 0.1
_AWAY_SECONDS: Final = 1.0
_AT_ONCE: Final = 500
_KEPT_LOCALLY: Final = 10_000
_PREFIX: Final = "lodger:count:"
_REMEMBERED: Final = "lodger:known:"
_ADD_UP: Final = """
    local totals = {}
    for i, key in ipairs(KEYS) do
        local amount = tonumber(ARGV[2 * i - 1])
        totals[i] = redis.call('INCRBY', key, amount)
        if totals[i] == amount then redis.call('EXPIRE', key, ARGV[2 * i]) end
    end
    return totals"""

_log = structlog.get_logger()


def limiter(settings: Settings) -> Limiter:
    """What these settings allow."""
    if not settings.rate_limits:
        return Limiter()
    limits: dict[Name, Limit] = {
        "address": Limit(settings.limit_address_per_minute, 60),
        "user": Limit(settings.limit_user_per_minute, 60),
        "key": Limit(settings.limit_key_per_minute, 60),
        "search": Limit(settings.limit_searches_per_minute, 60),
        "login": Limit(settings.limit_logins_per_minute, 60),
        "registration": Limit(settings.limit_registrations_per_hour, 3600),
        "mail": Limit(settings.limit_mails_per_hour, 3600),
        "webhook": Limit(settings.limit_webhooks_per_minute, 60),
        "login_failures": Limit(settings.limit_login_failures, 900),
    }
    return Limiter({name: limit for name, limit in limits.items() if limit.quota}, RateCounts(settings.redis_url))


@dataclass(slots=True)
class _Tally:
    """What one key has counted in one window: by all as of the last meeting, and here since then."""

    key: str
    seconds: int
    ends: int
    by_all: int = 0
    here: int = 0


class RateCounts:
    """Implements `api.limits.Counts`."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis_client(redis_url)
        self._add_up = self._redis.register_script(_ADD_UP)
        self._lock = Lock()
        self._windows: dict[tuple[str, int], dict[str, _Tally]] = {}
        self._unshared: dict[str, _Tally] = {}
        self._unremembered: dict[str, int] = {}
        self._known: TTLCache[str, bool] = TTLCache(_KEPT_LOCALLY, 3600)
        self._news = Event()
        self._thread: Thread | None = None
        self._is_away = False

    def add(self, name: str, seconds: int, who: str) -> Count:
        return self._counted(name, seconds, who, 1)

    def look(self, name: str, seconds: int, who: str) -> Count:
        """What is known here; what others have counted of it will be known after the next meeting."""
        return self._counted(name, seconds, who, 0)

    def remember(self, what: str, seconds: int) -> None:
        with self._lock:
            self._known[what] = True
            self._unremembered[what] = seconds
        self._tell()

    def knows(self, what: str) -> bool:
        with self._lock:
            if what in self._known:
                return True
        try:
            return bool(self._redis.exists(_REMEMBERED + what))
        except redis.RedisError:
            return False

    def _counted(self, name: str, seconds: int, who: str, amount: int) -> Count:
        now = time()
        ends = int(now // seconds + 1) * seconds
        with self._lock:
            tallies = self._windows.get((name, ends))
            if tallies is None:
                tallies = self._windows[name, ends] = {}
            tally = tallies.get(who)
            if tally is None:
                tally = tallies[who] = _Tally(f"{_PREFIX}{name}:{ends}:{who}", seconds, ends)
            tally.here += amount
            self._unshared[tally.key] = tally
            count = Count(tally.by_all + tally.here, ends - now)
        self._tell()
        return count

    # --- the meetings ---------------------------------------------------------------------------------------

    def _tell(self) -> None:
        if not self._news.is_set():
            self._news.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        """Begun by the first call and not sooner: a process that forks its workers would lose the thread."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="rate counts", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            self._forget()
            try:
                self._meet()
            except redis.RedisError as error:
                self._stay_apart(error)
                continue
            count_sharing("shared")
            self._is_away = False
            sleep(_APART_SECONDS)

    def _meet(self) -> None:
        """Share what was counted and remembered here, and learn what others counted of the same."""
        with self._lock:
            waiting, known = list(self._unshared.values()), dict(self._unremembered)
        for first in range(0, len(waiting), _AT_ONCE):
            self._share(waiting[first : first + _AT_ONCE])
        if known:
            with self._redis.pipeline(transaction=False) as pipeline:
                for what, seconds in known.items():
                    pipeline.set(_REMEMBERED + what, 1, ex=seconds)
                pipeline.execute()
            with self._lock:
                for what in known:
                    self._unremembered.pop(what, None)

    def _share(self, tallies: list[_Tally]) -> None:
        amounts = [tally.here for tally in tallies]
        arguments = [each for tally, amount in zip(tallies, amounts, strict=True) for each in (amount, tally.seconds)]
        totals = self._add_up(keys=[tally.key for tally in tallies], args=arguments)
        with self._lock:
            for tally, amount, total in zip(tallies, amounts, totals, strict=True):
                tally.by_all, tally.here = int(total), tally.here - amount
                if not tally.here:
                    self._unshared.pop(tally.key, None)

    def _stay_apart(self, error: redis.RedisError) -> None:
        """What was counted stays here until Redis is back."""
        count_sharing("failed")
        if not self._is_away:
            _log.warning("each process counts requests alone", error=str(error))
        self._is_away = True
        sleep(_AWAY_SECONDS)
        self._news.set()

    def _forget(self) -> None:
        """Windows that are over."""
        now = time()
        with self._lock:
            for over in [window for window in self._windows if window[1] <= now]:
                for tally in self._windows.pop(over).values():
                    self._unshared.pop(tally.key, None)
