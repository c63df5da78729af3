"""Which lines are kept: by rules, and a share of the rest by a hash of the request ID. Pure."""

from typing import Dict, List, Optional, Sequence, Tuple
from zlib import crc32

from guance_aws_cloudfront.logs.lines import Layout
from guance_aws_cloudfront.settings.logs import Rule
from guance_aws_cloudfront.settings.patterns import EXCEPT, fits
from guance_aws_cloudfront.text import url_decoded

# What rules look at, and what the share of the rest is drawn by. Of an edge result either column will do.
COLUMNS = ("sc_status", "cs_method", "x_edge_result_type", "x_edge_detailed_result_type", "cs_uri_stem")
REQUEST = "x_edge_request_id"
# Hashes are of so many values.
HASHES = 2**32
MOST_KNOWN = 4096

# The patterns on paths of the rules whose other parts fit; None among them where any path will do.
Paths = List[Optional[Tuple[str, ...]]]


class Keep:
    """Decides on each line; the same request always falls the same way, whatever run or host reads it.

    Without `rules`, all lines are kept; `rest` is the share of those that no rule takes, from 0 to 1.
    """

    def __init__(self, rules: Sequence[Rule], rest: float) -> None:
        self._rules = [rule._replace(edge_result=_in_small_letters(rule.edge_result)) for rule in rules]
        self._limit = int(rest * HASHES)
        # By the parts of a line that have few values.
        self._known: Dict[Tuple[str, ...], Paths] = {}

    def places(self, layout: Layout) -> Tuple[int, ...]:
        """Where a layout has what is looked at; to be given to `takes` for each of its lines."""
        return tuple(map(layout.place, (*COLUMNS, REQUEST)))

    def takes(self, values: Sequence[str], places: Sequence[int]) -> bool:
        """Whether a line with these values is kept."""
        if not self._rules:
            return True
        status, method, result, detailed, path, request = places
        # What a line does not have is taken for empty: -1 would be its last value.
        parts = (
            values[status] if status >= 0 else "",
            values[method] if method >= 0 else "",
            values[result] if result >= 0 else "",
            values[detailed] if detailed >= 0 else "",
        )
        paths = self._known.get(parts)
        if paths is None:
            if len(self._known) >= MOST_KNOWN:
                # A method is whatever a viewer sent.
                self._known.clear()
            paths = self._known[parts] = self._paths(*parts)
        for patterns in paths:
            # As it is in the file, or as Guance shows it.
            if patterns is None or (path >= 0 and fits([values[path], url_decoded(values[path])], patterns)):
                return True
        if not self._limit:
            return False
        drawn_by = values[request] if request >= 0 else "\t".join(values)
        return crc32(drawn_by.encode(errors="replace")) < self._limit

    def _paths(self, status: str, method: str, result: str, detailed: str) -> Paths:
        results = [one.lower() for one in (result, detailed) if one]
        found: Paths = []
        for rule in self._rules:
            fits_all = (
                (rule.status is None or (bool(status) and fits([status], rule.status)))
                and (rule.method is None or (bool(method) and fits([method], rule.method)))
                and (rule.edge_result is None or (bool(results) and fits(results, rule.edge_result)))
            )
            if fits_all:
                found.append(rule.path)
        # A rule for any path makes the others needless.
        return [None] if None in found else found


def _in_small_letters(patterns: Optional[Tuple[str, ...]]) -> Optional[Tuple[str, ...]]:
    return patterns and tuple(one if one == EXCEPT else one.lower() for one in patterns)
