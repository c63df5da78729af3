"""CloudWatch Logs of the embedded AWS, as far as it delivers CloudFront's access logs (standard logging v2).

moto's own Describe calls return everything at once; here they come in pages, as at AWS.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from devtools.aws.accounts import AwsAccount
from devtools.aws.wire import ApiError, Request, Response, json_response

# CloudFront's deliveries are configured there, wherever the bucket is.
REGION = "us-east-1"
PAGE = 50
LISTS = {
    "DescribeDeliveries": "deliveries",
    "DescribeDeliverySources": "deliverySources",
    "DescribeDeliveryDestinations": "deliveryDestinations",
}


class Delivery(NamedTuple):
    """A delivery of a distribution's access logs.

    `destination` is what the logs go to: the ARN of a bucket with its prefix, of a log group or of a Firehose stream.
    `output_format` is `w3c`, `json`, `plain`, `raw` or `parquet`. Without `suffix_path` files lie side by side.
    `destination_account` is where the delivery destination is, the delivery's own account unless it is said.
    """

    account: AwsAccount
    distribution_id: str
    destination: str
    output_format: str = "w3c"
    suffix_path: str = ""
    is_hive: bool = False
    record_fields: Sequence[str] = ()
    field_delimiter: str = ""
    destination_account: Optional[AwsAccount] = None

    @property
    def kind(self) -> str:
        """What its destination is, as CloudWatch Logs has it."""
        return {"s3": "S3", "logs": "CWL", "firehose": "FH"}[self.destination.split(":")[2]]


class Deliveries:
    """All deliveries. `page`, if set, is how many a Describe call returns at a time."""

    def __init__(self) -> None:
        self._deliveries: List[Delivery] = []
        self.page: Optional[int] = None

    def add(self, delivery: Delivery) -> None:
        """Set one more up; ValueError in China, which has none."""
        if delivery.account.partition != "aws":
            raise ValueError("standard logging v2 is not offered in the China regions")
        self._deliveries.append(delivery)

    def remove(self, distribution_id: str) -> None:
        """Delete the deliveries of a distribution."""
        self._deliveries = [one for one in self._deliveries if one.distribution_id != distribution_id]

    def describe(self, request: Request, account: AwsAccount) -> Response:
        """A page of DescribeDeliveries, DescribeDeliverySources or DescribeDeliveryDestinations."""
        name, given = LISTS[request.operation], request.parameters
        known = list(enumerate(self._deliveries)) if request.region == REGION else []
        own = [(number, one) for number, one in known if one.account.account_id == account.account_id]
        if name == "deliveries":
            items = [_delivery(*one) for one in own]
        elif name == "deliverySources":
            items = list({_source_name(one): _source(one) for _, one in own}.values())
        else:
            here = [one for one in known if _home(one[1]).account_id == account.account_id]
            items = [_destination(*one) for one in here]
        most = self.page or int(given.get("limit") or PAGE)
        if not 1 <= most <= PAGE:
            raise ApiError("ValidationException", f"Member must have value less than or equal to {PAGE}", 400)
        first = int(given.get("nextToken") or 0)
        more = {"nextToken": str(first + most)} if first + most < len(items) else {}
        return json_response({name: items[first : first + most], **more})


def _home(delivery: Delivery) -> AwsAccount:
    return delivery.destination_account or delivery.account


def _source_name(delivery: Delivery) -> str:
    # As the console names them.
    return f"CreatedByCloudFront-{delivery.distribution_id}"


def _arn(account: AwsAccount, kind: str, name: str) -> str:
    return f"arn:{account.partition}:logs:{REGION}:{account.account_id}:{kind}:{name}"


def _destination_arn(number: int, delivery: Delivery) -> str:
    return _arn(_home(delivery), "delivery-destination", f"destination-{number}")


def _delivery(number: int, delivery: Delivery) -> Dict[str, Any]:
    identity = f"dlv{number:013}"
    described: Dict[str, Any] = {
        "id": identity,
        "arn": _arn(delivery.account, "delivery", identity),
        "deliverySourceName": _source_name(delivery),
        "deliveryDestinationArn": _destination_arn(number, delivery),
        "deliveryDestinationType": delivery.kind,
    }
    if delivery.record_fields:
        described["recordFields"] = list(delivery.record_fields)
    if delivery.field_delimiter:
        described["fieldDelimiter"] = delivery.field_delimiter
    if delivery.kind == "S3":
        path = {"suffixPath": delivery.suffix_path} if delivery.suffix_path else {}
        described["s3DeliveryConfiguration"] = {**path, "enableHiveCompatiblePath": delivery.is_hive}
    return described


def _source(delivery: Delivery) -> Dict[str, Any]:
    account = delivery.account
    distribution = f"arn:{account.partition}:cloudfront::{account.account_id}:distribution/{delivery.distribution_id}"
    return {
        "name": _source_name(delivery),
        "arn": _arn(account, "delivery-source", _source_name(delivery)),
        "resourceArns": [distribution],
        "service": "cloudfront",
        "logType": "ACCESS_LOGS",
    }


def _destination(number: int, delivery: Delivery) -> Dict[str, Any]:
    return {
        "name": f"destination-{number}",
        "arn": _destination_arn(number, delivery),
        "deliveryDestinationType": delivery.kind,
        "outputFormat": delivery.output_format,
        "deliveryDestinationConfiguration": {"destinationResourceArn": delivery.destination},
    }
