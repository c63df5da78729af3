"""What the collector computes from the values of a minute, so that rates of several distributions can be added up."""

from math import isfinite
from typing import Dict, Mapping

from guance_aws_cloudfront.cloudfront.catalog import DERIVED, REQUESTS_FIELD


def derived_fields(fields: Mapping[str, float]) -> Dict[str, float]:
    """The derived fields of a minute, given all fields that CloudWatch answered for it.

    Nothing is derived from a rate without requests, or from requests without the rate, or where the product is too
    large for a float.
    """
    requests = fields.get(REQUESTS_FIELD)
    if requests is None:
        return {}
    made = {
        # Requests are whole numbers: without rounding, 13 errors come out as 13.000000000000002.
        one.name: requests if one.whole else round(requests * fields[one.rate] / 100, 6)
        for one in DERIVED
        if one.rate in fields
    }
    return {name: value for name, value in made.items() if isfinite(value)}
