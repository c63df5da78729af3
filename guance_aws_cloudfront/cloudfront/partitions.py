"""The AWS partitions that have CloudFront, and in which regions its services answer (botocore's endpoint data)."""

import re
from typing import Dict, NamedTuple, Optional, Tuple


class Partition(NamedTuple):
    """A partition: `cloudwatch_regions` are those that may carry CloudFront's metrics, the default first.

    CloudFront's control plane is global in a partition; `region` is where its calls are signed.
    """

    name: str
    region: str
    cloudwatch_regions: Tuple[str, ...]
    region_pattern: str


# us-east-1 is documented by the CloudFront developer guide. For China no document names the region: cn-northwest-1,
# where CloudFront's endpoint is, is inferred, so an account may name the other one (key 'cloudwatch_region').
PARTITIONS: Dict[str, Partition] = {
    "aws": Partition("aws", "us-east-1", ("us-east-1",), r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d+"),
    "aws-cn": Partition("aws-cn", "cn-northwest-1", ("cn-northwest-1", "cn-north-1"), r"cn-[a-z]+-\d+"),
}


def partition_of(region: str) -> Optional[Partition]:
    """The partition that a region name belongs to; None for GovCloud, the isolated ones and what is no region."""
    for partition in PARTITIONS.values():
        if re.fullmatch(partition.region_pattern, region):
            return partition
    return None
