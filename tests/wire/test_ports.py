"""Ports as text, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet.wire.ports import HIGHEST, ports_in, ports_text


def test_ports_are_numbers_and_ranges_in_ascending_order() -> None:
    assert ports_text([]) == ""
    assert ports_text({443, 22, 80, 81, 82, 65535}) == "22,80-82,443,65535"


@given(st.sets(st.integers(0, HIGHEST)))
def test_a_text_has_the_ports_that_it_was_made_of(ports: set[int]) -> None:
    assert ports_in(ports_text(ports)) == ports


@given(st.text("0123456789,-x\u0663"))
def test_any_text_has_only_ports(text: str) -> None:
    assert all(0 <= port <= HIGHEST for port in ports_in(text))
