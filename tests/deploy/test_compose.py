"""The compose file is valid, runs what `./run up` runs, and gives away nothing it need not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infrastructure import settings
from infrastructure.embedded import services
from infrastructure.embedded.postgres import INITDB_OPTIONS, SETTINGS
from infrastructure.embedded.processes import Service
from infrastructure.workers.queues import QUEUES
from tests.deploy.compose_file import EXAMPLE, PATH, PRODUCTION, SECRETS, Missing, compose, dotenv, ours

LEAST = settings.load({"DATABASE_URL": "postgresql://", "REDIS_URL": "redis://", **SECRETS})
KNOWN = set(settings.to_environment(LEAST))
OF_OTHERS = {"PROMETHEUS_MULTIPROC_DIR"}
DEVELOPMENT = SECRETS | dotenv(EXAMPLE.read_text())
SERVERS = {"postgres", "valkey"}


def stages() -> list[list[Service]]:
    """What the embedded stack starts, in its order."""
    return [list(stage) for stage in services.stages(LEAST, {}, own_mail=True)]


def command(service: Service) -> str:
    """The arguments behind `python -m infrastructure.cli`, which is the image's entry point."""
    assert list(service.command[1:3]) == ["-m", "infrastructure.cli"]
    return " ".join(service.command[3:])


@pytest.mark.parametrize("env", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
def test_the_file_is_valid_by_the_compose_specification(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(yaml.safe_dump(compose(env)))

    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    checked = subprocess.run(checker, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_runs_is_what_the_embedded_stack_runs() -> None:
    embedded = {command(service) for stage in stages() for service in stage}

    assert set(ours()) == embedded
    assert set(compose()["services"]) - {"migrate", "api", *QUEUES, "metrics", "mail-sink"} == SERVERS


def test_services_start_after_the_stages_before_theirs() -> None:
    first, second = stages()
    by_command = ours()

    for later in second:
        waits_for = by_command[command(later)]["depends_on"]
        assert [waits_for[command(earlier)] for earlier in first] == [{"condition": "service_completed_successfully"}]
    assert by_command["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_services_have_as_long_to_stop_as_the_embedded_ones() -> None:
    for service in (service for stage in stages() for service in stage):
        assert seconds(ours()[command(service)]["stop_grace_period"]) >= service.stop_seconds


def test_every_variable_of_lodgers_services_is_a_setting() -> None:
    for service in ours().values():
        assert set(service["environment"]) - OF_OTHERS <= KNOWN


def test_every_variable_of_the_example_is_used_and_described_ones_are_settings() -> None:
    named = set(re.findall(r"^#? ?([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", PATH.read_text()))

    assert named - used == {"COMPOSE_PROFILES"}, "Compose's own"
    assert used - named == set(), "each is described"
    assert {name for name in named if name.startswith("LODGER_")} <= KNOWN


@pytest.mark.parametrize("env", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
def test_lodger_starts_with_these_settings(env: dict[str, str]) -> None:
    for command, service in ours(env).items():
        loaded = settings.load(service["environment"])

        assert loaded.env == env.get("LODGER_ENV", "production")
        login = "lodger" if command == "migrate" else "lodger_app"
        assert loaded.database_url.startswith(f"postgresql://{login}:")


def test_only_what_migrates_can_log_in_as_the_owner() -> None:
    password = SECRETS["DATABASE_OWNER_PASSWORD"]

    assert [name for name, service in compose()["services"].items() if password in str(service)] == [
        "postgres",
        "migrate",
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_has_a_default(secret: str) -> None:
    without = {name: value for name, value in PRODUCTION.items() if name != secret}

    with pytest.raises(Missing, match=secret):
        compose(without)


def test_production_is_the_default_and_says_what_it_lacks() -> None:
    with pytest.raises(settings.SettingsError) as refused:
        settings.load(ours(SECRETS)["serve"]["environment"])

    assert [problem.split()[0] for problem in refused.value.problems] == [
        "LODGER_PUBLIC_URL",
        "LODGER_SMTP_URL",
        "LODGER_MAIL_FROM",
    ]


def test_only_the_api_and_the_inbox_are_published_and_on_the_loopback_address() -> None:
    published = {name: service["ports"] for name, service in compose()["services"].items() if "ports" in service}

    assert published == {"api": ["127.0.0.1:8000:8000"], "mail-sink": ["127.0.0.1:8025:8025"]}
    assert compose()["services"]["mail-sink"]["profiles"] == ["development"]


@pytest.mark.parametrize("name", compose()["services"])
def test_a_container_has_no_rights_it_does_not_need(name: str) -> None:
    service = compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert all(not mount.startswith("/") for mount in service.get("volumes", [])), "nothing of the machine's"


def test_what_holds_data_cannot_be_reached_from_outside() -> None:
    document = compose()

    assert document["networks"]["servers"] == {"internal": True}
    for name in SERVERS:
        assert document["services"][name]["networks"] == ["servers"]


@pytest.mark.parametrize("name", sorted(set(compose()["services"]) - {"migrate", *QUEUES}))
def test_whatever_has_a_port_is_asked_whether_it_is_well(name: str) -> None:
    assert compose()["services"][name]["healthcheck"]["test"][0] == "CMD"


def test_postgresql_is_set_up_as_the_embedded_one() -> None:
    postgres = compose()["services"]["postgres"]
    options = dict(option.removeprefix("-c").split("=", 1) for option in postgres["command"][1:])

    assert options == SETTINGS
    assert postgres["environment"]["POSTGRES_INITDB_ARGS"].split() == list(INITDB_OPTIONS)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_servers_images_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+(\.\d+)*-[a-z]+", compose()["services"][name]["image"])


def seconds(duration: Any) -> int:
    return int(str(duration).removesuffix("s"))
