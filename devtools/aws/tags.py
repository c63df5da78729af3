"""The tags of distributions, which moto keeps, as the tagging API and CloudFront answer for them.

moto's own tagging API knows no distributions in its version for Python 3.8, and needs many more packages there.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping
from xml.sax.saxutils import escape

from moto.cloudfront.models import cloudfront_backends

from devtools.aws.accounts import AwsAccount
from devtools.aws.wire import ApiError, Request, Response, json_response, xml_response

PAGE = 100
TYPES = {"cloudfront", "cloudfront:distribution"}


def get_resources(request: Request, account: AwsAccount) -> Response:
    """GetResources: the tagged distributions, in their home region only, 100 a page."""
    given = request.parameters
    types = given.get("ResourceTypeFilters")
    asked = request.region == account.home_region and (not types or TYPES.intersection(types))
    tagged = _tagged(account, given.get("TagFilters") or []) if asked else []
    first, most = int(given.get("PaginationToken") or 0), int(given.get("ResourcesPerPage") or PAGE)
    token = str(first + most) if first + most < len(tagged) else ""
    return json_response({"ResourceTagMappingList": tagged[first : first + most], "PaginationToken": token})


def list_tags_for_resource(request: Request, account: AwsAccount) -> Response:
    """ListTagsForResource of CloudFront: the tags of one distribution."""
    arn = request.query.get("Resource", "")
    for distribution, tags in _distributions(account):
        if distribution == arn:
            items = "".join(f"<Tag><Key>{escape(k)}</Key><Value>{escape(v)}</Value></Tag>" for k, v in tags.items())
            return xml_response(f"<Tags><Items>{items}</Items></Tags>")
    raise ApiError("NoSuchResource", "The specified resource does not exist.", 404)


def _tagged(account: AwsAccount, filters: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    return [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        for arn, tags in _distributions(account)
        if tags and all(_fits(tags, wanted) for wanted in filters)
    ]


def _fits(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    return wanted["Key"] in tags and (not wanted.get("Values") or tags[wanted["Key"]] in wanted["Values"])


def _distributions(account: AwsAccount) -> Iterable[Any]:
    backend = cloudfront_backends[account.account_id][account.partition]
    for distribution in list(backend.distributions.values()):
        yield distribution.arn, backend.tagger.get_tag_dict_for_resource(distribution.arn)
