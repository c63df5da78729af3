"""The lines of a gzip file as its bytes come in, in bounded memory. Pure."""

import zlib
from typing import Any, Iterable, Iterator, List

from guance_aws_cloudfront.logs.lines import LONGEST_LINE

# What is decompressed at once, in bytes: a few hundred lines.
BLOCK = 64 * 1024
# zlib's number for gzip with the largest window.
GZIP = 31
# How much of a line is kept that is too long to be one: it cannot be read, but it is counted.
KEPT_OF_TOO_LONG = 100


class BrokenFileError(ValueError):
    """A file that is no gzip file, or not all of one; the text says which."""


def lines_in_blocks(chunks: Iterable[bytes]) -> Iterator[List[str]]:
    """The lines of a gzip file in lists of some hundred, without their ends; `chunks` are its bytes, in order.

    BrokenFileError where it breaks off or is no gzip: what could be read before has been yielded. What is no UTF-8 has
    a replacement character in its place.
    """
    rest: List[bytes] = []
    length = 0
    for block in _decompressed(chunks):
        whole, newline, tail = block.rpartition(b"\n")
        if newline:
            yield _lines(b"".join((*rest, whole)))
            rest, length = [tail], len(tail)
        elif length < LONGEST_LINE:
            rest.append(block)
            length += len(block)
    # Not where the file breaks off: the beginning of a line is none.
    last = b"".join(rest)
    if last:
        yield _lines(last)


def _lines(whole: bytes) -> List[str]:
    text = whole.decode(errors="replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").rstrip("\r")
    lines = text.split("\n")
    if len(whole) > LONGEST_LINE:
        return [line if len(line) <= LONGEST_LINE else line[:KEPT_OF_TOO_LONG] for line in lines]
    return lines


def _decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    gzip: Any = zlib.decompressobj(GZIP)
    is_empty = True
    for chunk in chunks:
        data = chunk
        while data:
            if gzip.eof:
                # Several gzip files one after the other are one, and zeros may follow.
                data = data.lstrip(b"\0")
                if not data:
                    break
                gzip = zlib.decompressobj(GZIP)
            is_empty = False
            try:
                block = gzip.decompress(data, BLOCK)
                data = gzip.unused_data if gzip.eof else gzip.unconsumed_tail
                if block:
                    yield block
                while len(block) == BLOCK and not data and not gzip.eof:
                    # All that came in has been taken, and not all of it given out.
                    block = gzip.decompress(b"", BLOCK)
                    data = gzip.unused_data if gzip.eof else b""
                    if block:
                        yield block
            except zlib.error:
                raise BrokenFileError("it is no gzip file, or damaged") from None
    if is_empty:
        raise BrokenFileError("it is empty")
    if not gzip.eof:
        raise BrokenFileError("it breaks off")
