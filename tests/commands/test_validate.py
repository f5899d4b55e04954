"""`decnet validate` says what a fleet file describes, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

from decnet import catalog
from decnet.commands.validate import validate
from decnet.engine.context import Context
from decnet.store.paths import Home


def test_the_name_of_the_file_is_printed_as_it_is(tmp_path: Path) -> None:
    ctx = Context(home=Home(tmp_path), catalog=catalog.load(), emit=lambda event: None)
    for name, count, found in (
        ("deckys.toml", 1, "1 decky, 1 service"),
        ("two.toml", 2, "2 deckies, 1 service"),
    ):
        file = tmp_path / name
        file.write_text(f'[decky.web]\ncount = {count}\nservices = ["http"]\n')
        assert validate(ctx, file).lines == (f"{file}: {found}: valid",)
