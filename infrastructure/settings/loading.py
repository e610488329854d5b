"""Settings from the environment: refused at start when they are wrong, by their variables' names.

An empty variable counts as unset, as compose files pass on what they do not have.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from infrastructure.refusals import Refused
from infrastructure.settings.table import DEFAULT_DATA, ROOT, Settings, instant, variable
from infrastructure.weak_secrets import weaknesses


class SettingsError(Refused):
    """Settings are missing or wrong: `problems` names each with what it should be."""

    def __init__(self, problems: list[str]) -> None:
        count = "A setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
        super().__init__("\n  ".join([f"{count}:", *problems]))
        self.problems = problems


def load(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises SettingsError, which names every variable that is wrong."""
    given = {name: value for name, value in environ.items() if value}
    _derive(given)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in msgspec.structs.fields(Settings):
        name = field.encode_name
        if name not in given:
            if field.required:
                problems.append(f"{name} is missing: it should be {_extra(field)['should']}")
            continue
        try:
            values[field.name] = msgspec.convert(given[name], field.type, strict=False)
        except msgspec.ValidationError:
            problems.append(_wrong(field, given[name]))
    clock = values.get("clock", "system")
    if clock != "system" and instant(clock) is None:
        problems.append(_wrong(_fields()["LODGER_CLOCK"], clock))
    if bool(values.get("oidc_issuer")) != bool(values.get("oidc_client_id")):
        problems.append("LODGER_OIDC_ISSUER and LODGER_OIDC_CLIENT_ID are set together or not at all")
    problems += _unknown(given)
    if values.get("env") == "production":
        problems += _unfit_for_production(values)
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the data are kept, before the other settings can be known."""
    return ROOT / (environ.get("LODGER_DATA") or DEFAULT_DATA)


def to_environment(settings: Settings) -> dict[str, str]:
    """The variables that `load` would read these settings from."""
    values = msgspec.to_builtins(settings)
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}


def shown(settings: Settings) -> dict[str, str]:
    """The settings by variable, without what is secret."""
    return {
        name: "(secret)" if _extra(_fields()[name])["secret"] else value
        for name, value in to_environment(settings).items()
    }


def _derive(given: dict[str, str]) -> None:
    """Defaults that depend on other settings."""
    if given.get("LODGER_ENV") == "production":
        given.setdefault("LODGER_SANDBOX", "false")
        given.setdefault("LODGER_LOG_FORMAT", "json")
        given.setdefault("LODGER_CARD_PROVIDER", "none")
        given.setdefault("LODGER_MOBILE_MONEY_PROVIDER", "none")
        given.setdefault("LODGER_PRIVATE_ADDRESSES", "false")
        return
    given.setdefault("LODGER_PUBLIC_URL", f"http://127.0.0.1:{given.get('LODGER_HTTP_PORT', 8000)}")
    given.setdefault("LODGER_SMTP_URL", f"smtp://127.0.0.1:{given.get('LODGER_MAIL_PORT', 1025)}")


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    """A misspelt setting would otherwise be silently ignored."""
    known = list(_fields())
    for name in given:
        if name.startswith("LODGER_") and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            yield f"{name} is no setting" + (f"; did you mean {close[0]}?" if close else "")


def _unfit_for_production(values: Mapping[str, Any]) -> Iterator[str]:
    if values.get("sandbox"):
        yield "LODGER_SANDBOX is true: in production it should be false"
    for field in ("card_provider", "mobile_money_provider"):
        if values.get(field) == "sandbox":
            yield f"{variable(field)} is sandbox, which charges nobody: in production it should be another or none"
    if values.get("private_addresses"):
        yield "LODGER_PRIVATE_ADDRESSES is true: in production it should be false"
    if values.get("failpoint"):
        yield "FAILPOINT is set: it is for tests, and never in production"
    if values.get("clock", "system") != "system":
        yield "LODGER_CLOCK is set: in production it should be system"
    for field in ("public_url", "smtp_url", "mail_from"):
        if field not in values:
            name = variable(field)
            yield f"{name} is missing: in production it should be {_extra(_fields()[name])['should']}"
    yield from weaknesses(*_secrets(values))


def _secrets(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The secrets that are made for this Lodger alone, and those that it was given.

    A secret key of before may be a weak one: how else would anybody get rid of it.
    """
    made = {variable(field): values[field] for field in ("secret_key", "operator_token") if field in values}
    given = {name: values[field.name] for name, field in _fields().items() if field.name in values}
    others = {name: value for name, value in given.items() if name not in made and _extra(_fields()[name])["secret"]}
    password = urlsplit(values.get("database_url", "")).password
    return made, others | ({"the database's password": password} if password else {})


def _wrong(field: msgspec.structs.FieldInfo, value: str) -> str:
    extra = _extra(field)
    shown = "" if extra["secret"] else f" is {value!r}:"
    return f"{field.encode_name}{shown} should be {extra['should']}"


def _fields() -> dict[str, msgspec.structs.FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(Settings)}


def _extra(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    return _described(field).extra or {}


def _described(field: msgspec.structs.FieldInfo) -> Meta:
    meta = get_args(field.type)[1]
    assert isinstance(meta, Meta)
    return meta


def markdown() -> str:
    """The settings as docs/settings.md shows them."""
    lines = [_PAGE_HEAD]
    for name, field in _fields().items():
        default = "required" if field.required else f"`{str(field.default).lower()}`"
        meta = _described(field)
        lines.append(f"| `{name}` | {_extra(field)['should']} | {default} | {meta.description} |")
    return "\n".join([*lines, ""])


_PAGE_HEAD = """\
# Settings

Every setting is a variable of the environment; a wrong one is refused at start, by its name. An empty one
counts as unset. `./run up` and `./run demo` fill in what is required. This page is written by
`./run lodger settings --markdown`.

| Variable | Value | Default | Meaning |
|---|---|---|---|"""
