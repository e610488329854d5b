"""The demonstration from start to end."""

from __future__ import annotations

from datetime import datetime, time
from time import monotonic
from zoneinfo import ZoneInfo

from rich.console import Console

from infrastructure.demo import words
from infrastructure.demo.city import city
from infrastructure.demo.client import PASSWORD, Api, DemoFailed
from infrastructure.demo.load import THREADS, Loader
from infrastructure.demo.screen import Screen
from infrastructure.demo.walk import Walk
from infrastructure.embedded.stack import Stack
from infrastructure.settings import Settings


def run(*, once: bool, seed: int, port: int | None) -> None:
    """Start the stack on data of its own, fill it, walk through it; then end (`once`) or stay up until Ctrl-C.

    Raises DemoFailed at the first step that does not work, and what `Stack` raises.
    """
    began = monotonic()
    console = Console(highlight=False)
    screen = Screen(console)
    screen.chapter("Lodger starts")
    with Stack(_overrides(port), usual_ports=True, report=screen.note) as stack:
        try:
            pages, walk = _show(stack, screen, seed)
        except DemoFailed:
            for process in stack.processes.values():
                if process.ended():
                    raise process.failure() from None
            raise
        _say_what_to_open(screen, stack, walk, pages)
        console.print(f"\n[bold green]Ready[/] after {monotonic() - began:.1f} s.", end=" ")
        if once:
            console.print("Every step worked.")
            return
        try:
            console.print("Ctrl-C stops it and throws its data away.")
            stack.watch()
        except KeyboardInterrupt:
            console.print("\nstopping")


def _overrides(port: int | None) -> dict[str, str]:
    """Mail stays here and payments are the sandbox's, whatever the environment says."""
    fixed = {"LODGER_CLOCK": _morning().isoformat(), "LODGER_SMTP_URL": "", "LODGER_SANDBOX": "true"}
    fixed["LODGER_RATE_LIMITS"] = "false"  # a whole city calls from one address
    return {**fixed, "LODGER_HTTP_PORT": str(port)} if port else fixed


def _morning() -> datetime:
    """Ten o'clock of today in the city. From then on no day ends during the demonstration."""
    zone = ZoneInfo(words.ZONE)
    return datetime.combine(datetime.now(zone), time(10), zone)


def _show(stack: Stack, screen: Screen, seed: int) -> tuple[list[str], Walk]:
    settings = stack.settings
    assert settings.clock_start is not None, "set by `_overrides`"
    today = settings.clock_start.astimezone(ZoneInfo(words.ZONE)).date()
    api = Api(stack.url, THREADS, stack.inbox_url)
    plan = city(seed, today)
    screen.chapter(f"{words.CITY} is loaded over HTTP")
    loader = Loader(api, plan, screen.console, settings.operator_token)
    loader.load()
    walk = Walk(api, screen, settings.operator_token, today, run=f"walk-{seed}")
    walk.take()
    screen.chapter("Some bookings are left to be paid")
    return loader.leave_waiting(), walk


def _say_what_to_open(screen: Screen, stack: Stack, walk: Walk, pages: list[str]) -> None:
    screen.chapter("What to open")
    places = {
        "API docs": f"{stack.url}/docs",
        "a search": f"{stack.url}/v1/properties?{walk.search_query()}",
        "mail": f"{stack.inbox_url}/",
        "health": f"{stack.url}/readyz",
        "metrics": stack.metrics_url,
        "a payment page": f"{pages[0]} (its booking waits 15 minutes for it)",
        "as a guest": f"guest@mirembe.example, password {PASSWORD}",
        "as a host": f"host@mirembe.example, password {PASSWORD}",
        "as an operator": _operator_token_place(stack.settings),
        "command line": f"LODGER_DATA={stack.settings.data} ./run lodger --help",
    }
    screen.facts(places)
    screen.note(
        "The passwords are of this demonstration only. Its clock began at ten in the morning there and was moved."
    )


def _operator_token_place(settings: Settings) -> str:
    return f"bearer token LODGER_OPERATOR_TOKEN in {settings.data}/secrets.json"
