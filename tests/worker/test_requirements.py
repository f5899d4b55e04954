"""What keeps a machine from being a worker, each with its fix."""

from __future__ import annotations

import ast
from importlib.resources import files
from typing import Any

import pytest

from decnet.errors import WorkerError
from decnet.worker.requirements import Survey, noise_problem, problems_of, require_fit, skew_problem

FIT: dict[str, Any] = {
    "python": "3.9.2", "uid": 0, "user": "root", "docker": {"version": "20.10.24", "error": None},
    "compose": "1.29.2", "disk_free_mib": 9000, "clock": 1.0, "home_ready": True, "identity": None,
}  # fmt: skip


def survey(**changed: Any) -> Survey:
    return Survey.model_validate({**FIT, **changed})


def test_a_fit_machine_has_no_problem() -> None:
    assert problems_of(survey()) == []
    assert problems_of(survey(compose="2.29.7", docker={"version": "27.1", "error": None})) == []


@pytest.mark.parametrize(
    ("changed", "message", "fix"),
    [
        ({"python": "3.8.10"}, "3.9 is needed", "newer python3"),
        (
            {"docker": {"version": None, "error": "rights"}, "user": "deck"},
            "deck may not",
            "usermod -aG docker deck",
        ),
        ({"docker": {"version": None, "error": "missing"}}, "no Docker socket", "install Docker"),
        ({"docker": {"version": None, "error": "silent"}}, "does not answer", "restart docker"),
        ({"compose": None}, "Compose is missing", "plug-in"),
        ({"compose": "1.25.0"}, "Compose 1.25.0 is too old", "plug-in"),
        ({"docker": {"version": "25.0.1", "error": None}}, "crashes with Docker Engine 25", "v2"),
        ({"ends_with_session": True, "user": "deck"}, "processes of deck", "loginctl enable-linger deck"),
        ({"disk_free_mib": 100}, "100 MiB", "free disk space"),
    ],
)
def test_each_problem_is_reported_with_its_fix(changed: dict[str, Any], message: str, fix: str) -> None:
    with pytest.raises(WorkerError) as caught:
        require_fit(survey(**changed), "w1")
    assert message in caught.value.message
    assert fix in (caught.value.hint or "")


def test_all_problems_are_reported_at_once() -> None:
    assert len(problems_of(survey(python="3.6.0", compose=None, disk_free_mib=0))) == 3


def test_a_clock_that_is_off_is_reported_with_its_direction() -> None:
    assert skew_problem(5.0) is None
    assert "3600 s ahead" in str(skew_problem(3600.0))
    assert "3600 s behind" in str(skew_problem(-3600.0))


def test_a_quiet_quick_shell_is_not_warned_about() -> None:
    assert noise_problem(0, 0.01) is None


@pytest.mark.parametrize("name", ["survey", "install", "authorize"])
def test_a_script_is_a_program_for_python_3_9(name: str) -> None:
    text = files("decnet.worker.remote").joinpath(f"{name}.py").read_text("utf-8")
    ast.parse(text, feature_version=(3, 9))
