"""A gzip file gives its lines however its bytes come in, in bounded memory, and where it is damaged those before."""

import gzip
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guance_aws_cloudfront.logs.gunzip import BLOCK, BrokenFileError, lines_in_blocks
from guance_aws_cloudfront.logs.lines import LONGEST_LINE


def lines(chunks):
    return [line for block in lines_in_blocks(chunks) for line in block]


def read_before_it_breaks(chunks):
    found = []
    with pytest.raises(BrokenFileError) as error:
        for block in lines_in_blocks(chunks):
            found.extend(block)
    return found, str(error.value)


TEXTS = st.lists(
    st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=50), max_size=30
)


@given(TEXTS, st.integers(1, 40), st.booleans())
def test_the_lines_are_those_of_the_file_however_its_bytes_come(texts, size, ends_with_newline) -> None:
    whole = "\n".join(texts) + ("\n" if ends_with_newline else "")
    packed = gzip.compress(whole.encode())
    expected = whole.split("\n")
    assert (
        lines(packed[at : at + size] for at in range(0, len(packed), size))
        == expected[: -1 if not expected[-1] else None]
    )


def test_a_file_may_be_of_several_parts_with_zeros_behind_and_lines_across_them() -> None:
    packed = gzip.compress(b"one\ntw") + gzip.compress(b"o\nthree\n") + b"\0" * 600
    assert lines([packed]) == ["one", "two", "three"]
    assert lines(packed[at : at + 1] for at in range(len(packed))) == ["one", "two", "three"]
    assert lines([gzip.compress(b"a\r\nb\r\n")]) == ["a", "b"]
    assert lines([gzip.compress(b"")]) == []


def test_what_is_no_utf8_costs_a_character() -> None:
    assert lines([gzip.compress(b"a\xffb\nc\n")]) == ["a\ufffdb", "c"]


@pytest.mark.parametrize(
    ("packed", "before", "said"),
    [
        (b"", [], "it is empty"),
        (b"no gzip at all", [], "it is no gzip file, or damaged"),
        (gzip.compress(b"one\ntwo\n")[:-9], ["one", "two"], "it breaks off"),
        (gzip.compress(b"one\n") + b"rubbish behind it", ["one"], "it is no gzip file, or damaged"),
    ],
    ids=["empty", "other", "cut", "rubbish"],
)
def test_of_a_damaged_file_the_lines_before_are_there_and_then_it_is_said(packed, before, said) -> None:
    found, text = read_before_it_breaks([packed])
    assert text == said
    assert found == before


def test_a_file_that_breaks_off_gives_no_half_line() -> None:
    whole = "".join(f"{number:08d} a line of a log file\n" for number in range(20_000)).encode()
    packed = gzip.compress(whole)
    found, said = read_before_it_breaks([packed[: len(packed) // 2]])
    assert said == "it breaks off"
    assert 5000 < len(found) < 20_000
    assert found == whole.decode().split("\n")[: len(found)]


def test_a_line_that_is_too_long_counts_as_one_and_the_others_are_whole() -> None:
    packed = gzip.compress(b"one\n" + b"x" * (20 * LONGEST_LINE) + b"\ntwo\n")
    first, too_long, last = lines([packed])
    assert (first, last) == ("one", "two")
    assert len(too_long) <= LONGEST_LINE


def test_a_large_file_takes_a_few_megabytes_of_memory() -> None:
    # 80 MB that are packed into very little, as a bomb is. A file of 1 GB is read by a benchmark.
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    line = b"2026-03-01\t10:00:00\t" + b"x" * 200 + b"\n"
    part = line * 4096
    packed = b"".join(packer.compress(part) for _ in range(88)) + packer.flush()
    tracemalloc.start()
    try:
        number = sum(map(len, lines_in_blocks([packed])))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == 4096 * 88
    assert peak < 20 * BLOCK + 2 * len(packed)


def taken_in_before_it_is_given_out(packed, size):
    """Up to where, by chunks of a size, zlib has taken in all while a block is full and more is to come; or None."""
    stream = zlib.decompressobj(31)
    for at in range(0, len(packed), size):
        data = packed[at : at + size]
        while data:
            block = stream.decompress(data, BLOCK)
            data = stream.unconsumed_tail
            if len(block) == BLOCK and not data and not stream.eof:
                return at + size
    return None


def test_what_has_been_taken_in_is_given_out_also_where_the_file_breaks_off() -> None:
    letters = random.Random(1)
    unit = "".join(letters.choice("abcdefghijklmnop\n") for _ in range(5000))
    packed = gzip.compress((unit * (BLOCK * 4 // len(unit))).encode())
    found = [(size, end) for size in range(100, len(packed)) for end in [taken_in_before_it_is_given_out(packed, size)]]
    cuts = [(size, packed[:end]) for size, end in found if end]
    assert cuts
    for size, cut in cuts:
        before, _ = read_before_it_breaks(cut[at : at + size] for at in range(0, len(cut), size))
        assert before == zlib.decompressobj(31).decompress(cut).decode().split("\n")[:-1]
