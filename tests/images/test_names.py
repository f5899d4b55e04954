"""Images named by content."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from decnet.errors import ImageFailed
from decnet.images import ImageNames, recipe, wanted
from decnet.images.build import base_context, ensure
from decnet.images.names import BASE_FOLDER, DECOYS_FOLDER
from decnet.images.shelf import absent
from decnet.images.slim import slim
from decnet.images.wheels import expected_hash, fetch_wheels
from decnet.model.catalog_entries import LOOKS


def test_a_changed_decoy_leaves_the_base_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(DECOYS_FOLDER, tmp_path / "decoys", ignore=shutil.ignore_patterns("__pycache__"))
    before = wanted(tmp_path / "decoys", BASE_FOLDER)
    assert before == wanted()
    (tmp_path / "decoys" / "persona.py").write_text("# changed\n")
    wanted.cache_clear()

    after = wanted(tmp_path / "decoys", BASE_FOLDER)

    assert after.base == before.base and after.decoys != before.decoys


def test_a_cache_folder_next_to_the_sources_changes_no_name(tmp_path: Path) -> None:
    shutil.copytree(DECOYS_FOLDER, tmp_path / "decoys", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "decoys" / "__pycache__").mkdir()
    (tmp_path / "decoys" / "__pycache__" / "x.pyc").write_bytes(b"x")

    assert wanted(tmp_path / "decoys", BASE_FOLDER) == wanted()


def test_only_what_a_worker_lacks_is_shipped() -> None:
    names = ImageNames("decnet/base:1", "decnet/decoys:2")

    assert absent(["decnet/base:1", "other:3"], names) == ("decnet/decoys:2",)


def test_an_image_of_another_version_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ImageFailed) as refused:
        ensure(ImageNames("decnet/base:1", "decnet/decoys:2"), lambda _: None, cache=tmp_path)

    assert refused.value.hint is not None


def test_a_build_context_is_the_same_bytes_every_time() -> None:
    with tarfile.open(fileobj=io.BytesIO(base_context())) as tar:
        looks = [f"look-{look}.nft" for look in sorted(LOOKS)]
        assert [(entry.name, entry.mtime, entry.uid) for entry in tar] == [
            (name, 0, 0) for name in ("Dockerfile", *looks, "rules.nft", "start.py")
        ]
    assert base_context() == base_context()


def test_an_architecture_without_wheels_is_refused() -> None:
    with pytest.raises(ImageFailed, match="riscv64"):
        expected_hash(next(wheel for wheel in recipe.WHEELS if "any" not in wheel.sha256), "riscv64")


def test_a_wheel_with_the_wrong_hash_in_the_cache_is_not_taken(tmp_path: Path) -> None:
    wheel = recipe.WHEELS[0]
    bad = tmp_path / f"{wheel.name}-{wheel.version}-cp311-any.whl"
    bad.write_bytes(b"not a wheel")

    found = fetch_wheels(tmp_path, "x86_64", lambda _: None)

    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
    assert digests == {expected_hash(one, "x86_64") for one in recipe.WHEELS}


def test_slimming_keeps_the_exceptions(tmp_path: Path) -> None:
    for name in ("usr/sbin/nft", "usr/sbin/other", "usr/share/doc/x", "lib/mod.py", "bin/sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")

    slim(tmp_path, ["usr/sbin/*", "usr/share"], ["usr/sbin/nft"], tmp_path / "lib")

    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"usr/sbin/nft", "bin/sh", "lib/mod.pyc"} and sys.version_info >= (3, 11)
