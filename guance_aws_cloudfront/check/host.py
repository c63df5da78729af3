"""What a check tells of the Func host: its clock beside AWS's, and the versions that it runs."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Sequence

from guance_aws_cloudfront.aws.errors import CLOCK_TOLERANCE
from guance_aws_cloudfront.check.table import Untried
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.text import clock_difference


def clock_row(ahead: Sequence[float]) -> str:
    """How the host's clock stands, by what was seen of it; StepError when it is off by too much for AWS."""
    if not ahead:
        raise Untried("AWS has not answered")
    said = f"the Func host's is {clock_difference(ahead[0])}"
    if abs(ahead[0]) > CLOCK_TOLERANCE:
        raise StepError(f"{said}: set it right, for AWS takes 5 minutes at most.")
    return said


def versions_row(own: str) -> str:
    """The versions of the package, of Python and of AWS's libraries."""
    packages = ", ".join(f"{package} {_version(package)}" for package in ("botocore", "boto3"))
    return f"guance_aws_cloudfront {own}, Python {platform.python_version()}, {packages}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of no known version"
