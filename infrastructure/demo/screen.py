"""What the demonstration shows: numbered steps, each with the request, the gist of the answer, and what was checked."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from infrastructure.demo.client import Answer, DemoFailed


class Screen:
    def __init__(self, console: Console) -> None:
        self.console = console
        self._steps = 0

    def chapter(self, title: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}", align="left")

    def step(self, title: str) -> None:
        self._steps += 1
        self.console.print(f"\n[bold cyan]{self._steps:>2}[/]  [bold]{escape(title)}")

    def exchange(self, method: str, path: str, body: object, answer: Answer, gist: dict[str, Any]) -> None:
        """A request and its answer. `gist` is what of the answer matters here."""
        self.console.print(f"    [yellow]{method}[/] {escape(path)}", soft_wrap=True)
        if body is not None:
            self._line(f"[dim]{escape(_brief(body))}", indent=8)
        self._line(f"[green]→ {answer.status}[/] [dim]in {answer.seconds * 1000:.0f} ms[/]")
        for name, value in gist.items():
            self._line(f"[dim]{escape(name)}:[/] {escape(_brief(value))}", indent=8)

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        """The last column is numbers where its head is "amount"."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for column in columns:
            table.add_column(column, justify="right" if column == "amount" else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(Padding.indent(table, 8))

    def note(self, text: str) -> None:
        self._line(escape(text))

    def facts(self, facts: dict[str, str]) -> None:
        for name, value in facts.items():
            self.console.print(f"  [dim]{name:15}[/]{escape(value)}", soft_wrap=True)

    def check(self, holds: bool, what: str) -> None:
        """Show that something holds. Raises DemoFailed when it does not."""
        if not holds:
            raise DemoFailed(f"Step {self._steps}: this should hold and does not: {what}.")
        self._line(f"[green]✓[/] {escape(what)}")

    def _line(self, markup: str, indent: int = 4) -> None:
        self.console.print(Padding.indent(markup, indent), highlight=False)


def money(amount: dict[str, str]) -> str:
    return f"{amount['amount']} {amount['currency']}"


def _brief(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
