"""The pages and plots are made from the results of a run and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench import page  # noqa: E402
from tests.bench.growth import Growth  # noqa: E402
from tests.bench.plot import svg  # noqa: E402
from tests.bench.report import Part, Results  # noqa: E402
from tests.bench.rows import Row, Skipped  # noqa: E402

GROWTH = Growth("<index> & more", ((10, 0.02), (100, 0.2), (1000, 3.9)), "events")
HEADER = {
    "version": "1", "commit": None, "python": "3.11", "kernel": "6.1", "processors": 2,
    "engines": {"docker": None, "compose": "2.40"}, "load": 0.25, "date": "2026-01-01",
}  # fmt: skip
RESULTS = Results(
    HEADER,
    {
        "one": Part(60.0, [Row("a", 1.0, 4.0, "b", 0.5), Row("late", 3.0, 4.0, "b", 0.5), GROWTH]),
        "two": Part(30.0, [Skipped("two", "no docker")]),
        "images": Part(30.0, []),
    },
)


def test_a_page_shows_the_machine_the_aims_and_every_part() -> None:
    assert page.filled("{machine}\n\n{aims}\n\n{parts}\n", RESULTS, []).splitlines() == [
        "Version 1, commit None, 2026-01-01: 2 processors, Linux 6.1, Python 3.11, 2.40; "
        "load 0.2 at the start. The run took 2 minutes.",
        "",
        "1 of 3 aims are met.",
        "",
        "| missed | ratio | aim |",
        "|---|---|---|",
        "| late | 0.75 | 0.5 |",
        "| &lt;index> & more | ^1.15 | ^1.05 |",
        "",
        "### one",
        "",
        "| what | figure | reference | ratio | aim | met |",
        "|---|---|---|---|---|---|",
        "| a | 1 s | b: 4 s | 0.25 | 0.5 | met |",
        "| late | 3 s | b: 4 s | 0.75 | 0.5 | missed |",
        "| &lt;index> & more | 3.9 s for 1,000 events | 0.02 s for 10 | ^1.15 | ^1.05 | missed |",
        "",
        "![<index> & more](performance/index-more.svg)",
        "",
        "### two",
        "",
        "| what | figure | reference | ratio | aim | met |",
        "|---|---|---|---|---|---|",
        "| two | not run | no docker |  |  |  |",
    ]


def test_a_part_with_a_page_of_its_own_is_only_there() -> None:
    own = "{part:two}\n"
    assert "no docker" in page.filled(own, RESULTS, [own])
    assert "two" not in page.filled("{parts}\n", RESULTS, [own])
    assert page.filled("{part:none}", RESULTS, []) == "Not measured."


def test_a_plot_is_xml_with_a_point_and_its_labels_for_each_size() -> None:
    root = ElementTree.fromstring(svg(GROWTH))
    name = "{http://www.w3.org/2000/svg}"
    texts = [each.text for each in root.iter(f"{name}text")]
    assert len(list(root.iter(f"{name}circle"))) == 3
    assert {"<index> & more", "0.02 s", "0.2 s", "3.9 s", "10", "100", "1,000", "events"} <= set(texts)
    assert all(0 <= float(each.attrib["cy"]) <= 220 for each in root.iter(f"{name}circle"))


def test_what_is_not_current_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "KEPT", tmp_path / "bench.json")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page, "DOCS", tmp_path)
    files = page.generated(RESULTS)
    (tmp_path / "performance").mkdir()
    for path, text in files.items():
        path.write_text(text)
    assert page.check(files) == 0
    (tmp_path / "performance.md").write_text("typed by hand")
    (tmp_path / "former.svg").touch()
    assert page.check(files) == 1
    named = [line.partition(" ")[0] for line in capsys.readouterr().err.splitlines()]
    assert named == ["performance.md", "former.svg"]
