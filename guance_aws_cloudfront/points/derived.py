"""What the collector computes from the values of a minute, so that rates of several distributions can be added up."""

from functools import lru_cache
from math import isfinite
from typing import Dict, Mapping, Tuple

from guance_aws_cloudfront.cloudfront.catalog import DERIVED, REQUESTS_FIELD, Derived


def derived_fields(fields: Mapping[str, float]) -> Dict[str, float]:
    """The derived fields of a minute, given all fields that CloudWatch answered for it.

    Nothing is derived from a rate without requests, or from requests without the rate, or where the product is too
    large for a float.
    """
    requests = fields.get(REQUESTS_FIELD)
    if requests is None:
        return {}
    made = {}
    for derived in _derivable(tuple(fields)):
        # Requests are whole numbers: without rounding, 13 errors come out as 13.000000000000002.
        value = requests if derived.whole else round(requests * fields[derived.rate] / 100, 6)
        if isfinite(value):
            made[derived.name] = value
    return made


# All minutes of a distribution have the same fields.
@lru_cache(maxsize=256)
def _derivable(fields: Tuple[str, ...]) -> Tuple[Derived, ...]:
    return tuple(derived for derived in DERIVED if derived.rate in fields)
