"""GitHub's workflows: valid, pinned, and with no more rights than they use."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from infrastructure.settings import ROOT

FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.iterdir())
WRITES = {
    ("release.yml", "build"): {"packages"},
    ("release.yml", "publish"): {"packages", "contents"},
}
"""The jobs that may change anything, and what."""


def workflow(name: str) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return document


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in NAMES:
        for job, content in workflow(name)["jobs"].items():
            yield name, job, content


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_is_valid_by_its_schema(name: str) -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    checked = subprocess.run([*checker, str(FOLDER / name)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_checks_run_on_each_kind_of_machine() -> None:
    check = workflow("ci.yml")["jobs"]["check"]

    assert check["strategy"]["matrix"]["system"] == ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15"]
    assert check["steps"][-1] == {"run": ".ci/run"}
    assert "./run check" in (ROOT / ".ci" / "run").read_text()


def test_an_image_is_published_after_it_was_tried() -> None:
    released = workflow("release.yml")["jobs"]

    assert released["smoke"]["needs"] == "build"
    assert released["publish"]["needs"] == ["build", "smoke"]
    assert released["smoke"]["steps"][-1]["run"] == "deploy/smoke.sh"
    # `on` is a boolean in YAML 1.1.
    assert list(workflow("release.yml")[True]["push"]) == ["tags"]


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_to_a_commit_which_nobody_can_move(name: str) -> None:
    used = re.findall(r"uses: (.+)", (FOLDER / name).read_text())

    assert used
    pinned = re.compile(r"(actions|docker)/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [action for action in used if not pinned.fullmatch(action)] == []


def test_an_action_is_the_same_commit_everywhere() -> None:
    used = {line for name in NAMES for line in re.findall(r"uses: (.+)", (FOLDER / name).read_text())}

    assert len({action.partition("@")[0] for action in used}) == len(used)


def test_what_is_known_against_packages_is_asked_at_every_push_and_every_week() -> None:
    document = workflow("supply-chain.yml")

    assert {"push", "pull_request", "schedule"} == set(document[True])
    assert document["jobs"]["audit"]["steps"][-1] == {"run": ".ci/audit"}
    audit = (ROOT / ".ci" / "audit").read_text()
    assert {"--strict", "--require-hashes"} <= set(audit.split()), "one that could not be asked about is no good news"
    for lock in ROOT.glob("requirements*.txt"):
        assert lock.name in audit


def test_the_list_of_packages_is_kept_with_every_push() -> None:
    *_, listed, kept = workflow("supply-chain.yml")["jobs"]["list"]["steps"]

    assert listed["run"].startswith(".ci/list-packages ")
    assert kept["with"]["path"] == listed["run"].split()[1]


def test_only_the_jobs_that_publish_may_write() -> None:
    for name, job, content in jobs():
        rights = {**(workflow(name)["permissions"]), **content.get("permissions", {})}

        assert {right for right, level in rights.items() if level == "write"} == WRITES.get((name, job), set()), job


def test_no_job_runs_for_ever_or_keeps_credentials() -> None:
    for _name, job, content in jobs():
        assert content["timeout-minutes"] <= 60, job
        checkouts = [step for step in content["steps"] if step.get("uses", "").startswith("actions/checkout")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_nothing_from_outside_is_put_into_a_shell() -> None:
    """What people choose, such as a branch's name, reaches a script through its environment alone."""
    for _name, job, content in jobs():
        for step in content["steps"]:
            assert "${{" not in step.get("run", ""), job
