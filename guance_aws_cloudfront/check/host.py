"""What a check says of the Func host: its clock beside AWS's, and the versions that it runs."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Optional

from guance_aws_cloudfront.aws.errors import CLOCK_TOLERANCE
from guance_aws_cloudfront.check.table import FAILED, OK, UNTRIED, Row
from guance_aws_cloudfront.text import clock_difference


def clock_row(ahead: Optional[float]) -> Row:
    """How the host's clock stands: `ahead` seconds ahead of AWS's, None where AWS has not answered."""
    if ahead is None:
        return Row(UNTRIED, "clock", "AWS has not answered")
    said = f"the Func host's clock is {clock_difference(ahead)}"
    if abs(ahead) > CLOCK_TOLERANCE:
        return Row(FAILED, "clock", f"{said}. Correct it: AWS accepts 5 minutes at most.")
    return Row(OK, "clock", said)


def versions_row(own: str) -> Row:
    """The versions of the package, of Python and of AWS's libraries."""
    packages = ", ".join(f"{package} {_version(package)}" for package in ("botocore", "boto3"))
    return Row(OK, "versions", f"guance_aws_cloudfront {own}, Python {platform.python_version()}, {packages}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of no known version"
