"""One tick of the collector against real AWS, reading only, points into a local receiver: `make live`.

The credentials are those that boto3 finds by itself (environment, profile, SSO, instance role); they are handed to the
local Func in memory and never printed or written.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, Optional

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from devtools.demo import show
from devtools.func.runtime import LocalFunc, TaskRecord
from devtools.guance.datakit import DataKit
from devtools.market.build import ROOT, build, write
from devtools.market.imports import PACKAGE

DIST = ROOT / "dist"
POINTS = DIST / "live" / "points.sqlite"
HOW = (
    "No AWS credentials were found. Give them as boto3 takes them: AWS_PROFILE=<profile> make live, or the environment "
    "variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary keys, AWS_SESSION_TOKEN."
)
# As a startup script whose account comes from environment variables, a session token too.
SCRIPT = f"""
import {PACKAGE}__main as aws_cloudfront

@DFF.API("live", timeout=290)
def run():
    account = {{key: DFF.ENV(key) for key in ("ak_id", "ak_secret", "session_token", "partition")}}
    account["extra_tags"] = {{"account_name": DFF.ENV("account_name")}}
    return aws_cloudfront.DataCollector(account).run(DFF)
"""


def main() -> int:
    """One run; 0 when it succeeded."""
    try:
        found = credentials(boto3.Session())
    except (BotoCoreError, ClientError) as error:
        show.say(f"AWS could not be asked whose credentials these are (sts:GetCallerIdentity): {error}")
        return 1
    if found is None:
        show.say(HOW)
        return 1
    POINTS.parent.mkdir(parents=True, exist_ok=True)
    if POINTS.exists():
        POINTS.unlink()
    with DataKit(str(POINTS)) as datakit:
        record = tick(found, datakit)
        show.story(record)
        return after(record, datakit)


def credentials(session: Any) -> Optional[Dict[str, str]]:
    """What boto3's chain gives, and the account it belongs to; None when it gives nothing."""
    given = session.get_credentials()
    if given is None:
        return None
    frozen = given.get_frozen_credentials()
    in_china = str(session.region_name).startswith("cn-")
    region = "cn-northwest-1" if in_china else "us-east-1"
    account = session.client("sts", region_name=region).get_caller_identity()["Account"]
    return {
        "ak_id": frozen.access_key,
        "ak_secret": frozen.secret_key,
        "account_name": account,
        "partition": "aws-cn" if in_china else "aws",
        **({"session_token": frozen.token} if frozen.token else {}),
    }


def tick(found: Dict[str, str], datakit: DataKit) -> TaskRecord:
    """Build the market, install it into a local Func, and run it once."""
    func = LocalFunc()
    for name, value in found.items():
        func.set_env(name, value, password=name in ("ak_id", "ak_secret", "session_token"))
    func.add_connector("datakit", "df_datakit", host=datakit.host, port=datakit.port)
    func.install(write(build(), DIST)[0])
    func.scripts["live__main"] = SCRIPT
    func.publish("live__main")
    show.heading(f"One tick for the AWS account {found['account_name']}, reading only")
    return func.call("live__main.run")


def after(record: TaskRecord, datakit: DataKit) -> int:
    """Show what came in and what to do next."""
    objects, metrics = datakit.points("custom_object"), datakit.points("metric")
    if objects:
        show.heading("The objects")
        show.objects(objects)
    if metrics:
        show.heading("The metrics, a column for 10 minutes")
        show.charts(datakit, min(point.time for point in metrics), max(point.time for point in metrics) + 60)
    show.heading("Next")
    came = f"{show.counted(len(objects), 'object')} and {show.counted(len(metrics), 'point')}"
    show.say(f"  {came} lie in {show.short(POINTS)}, table `points`.")
    show.say("  Nothing was written to AWS or Guance. Into your own Func: README, Install.")
    return 0 if record.status == "success" else 1


if __name__ == "__main__":
    sys.exit(main())
