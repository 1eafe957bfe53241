"""The distance between texts equals what the whole table gives, up to its bound."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.evaluation.rollout.distance import MOST, distance
from tests.support.oracles import distance as oracle

TEXTS = st.binary(max_size=30) | st.text("ab\n", max_size=30).map(str.encode)


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 12))
def test_it_is_the_tables_up_to_the_bound(text: bytes, truth: bytes, most: int) -> None:
    assert distance(text, truth) == oracle.distance(text, truth)
    assert distance(text, truth, most) == min(oracle.distance(text, truth), most + 1)


def test_long_texts_that_hardly_differ_and_ones_that_do() -> None:
    text = b"".join(b"line %d of a long text\n" % n for n in range(20_000))
    assert distance(text, text[:1000] + b"x" + text[1002:-7]) == 9
    assert distance(text, text[::-1]) == MOST + 1
    assert distance(b"", text) == MOST + 1 and distance(b"", b"abc") == distance(b"abc", b"") == 3
