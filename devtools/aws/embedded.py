"""An embedded AWS for tests and the demo: CloudFront, CloudWatch, S3, STS, tagging, ACM and IAM in this process.

It listens on loopback. moto keeps the distributions and the buckets; all else is our own. Values are deterministic,
time is a clock that the caller turns, and everything that goes wrong at AWS goes wrong here on demand.
"""

from __future__ import annotations

import string
from collections import Counter
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from devtools.aws.access_logs import LogFile, Logged, LogPlace
from devtools.aws.accounts import ANY, Accounts, AwsAccount
from devtools.aws.certificates import Certificates
from devtools.aws.cloudfront import ControlPlane, Record
from devtools.aws.cloudwatch import DataPoints, Source
from devtools.aws.cloudwatch_api import CloudWatch
from devtools.aws.deliveries import Deliveries, Delivery
from devtools.aws.faults import Fault, Faults
from devtools.aws.gateway import Call, Gateway
from devtools.aws.moto_app import MotoApp
from devtools.aws.s3 import Bucket, Buckets
from devtools.aws.traffic import DAY, IDLE, Traffic, draws, typical_traffic
from devtools.http_server import Server

__all__ = ["IDLE", "AwsAccount", "Call", "EmbeddedAWS", "Fault", "Faults", "Traffic"]

ID_CHARACTERS = string.digits + string.ascii_uppercase
# A distribution of which nothing is said is as old as this.
AGE = 30 * DAY


class EmbeddedAWS:
    """AWS for as long as the context lasts.

    `clock` tells the time of CloudWatch (a SimulatedClock or the module `time`); `settles_after` is for how many
    seconds after its end a minute reads low. `faults` is where faults are added.
    """

    def __init__(self, clock: Any, seed: int = 1, settles_after: int = 120) -> None:
        self._clock = clock
        self._seed = seed
        self._accounts = Accounts()
        self._points = DataPoints(seed, settles_after)
        self._cloudwatch = CloudWatch(self._points)
        moto = MotoApp()
        self._control, self._buckets = ControlPlane(clock, moto), Buckets(clock, self._accounts, moto)
        self._deliveries = Deliveries()
        self.faults = Faults(seed)
        self._certificates = Certificates()
        self._gateway = Gateway(
            clock,
            self._accounts,
            self.faults,
            self._control,
            self._cloudwatch,
            self._buckets,
            self._deliveries,
            self._certificates,
        )
        self._server: Optional[Server] = None
        self._created = 0

    def start(self) -> None:
        """Begin to serve; the port is a free one."""
        self._server = Server(self._gateway)

    def stop(self) -> None:
        """End serving and drop everything."""
        if self._server:
            self._server.stop()
            self._server = None
        for account in self._accounts.release():
            self._control.forget(account)
            self._buckets.forget(account)

    def __enter__(self) -> EmbeddedAWS:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The one endpoint of all services; RuntimeError unless started."""
        if self._server is None:
            raise RuntimeError("the embedded AWS is not started")
        return self._server.url

    @property
    def environment(self) -> Dict[str, str]:
        """The environment variables that send a process's calls here."""
        return {"AWS_ENDPOINT_URL": self.url}

    @property
    def clock_ahead(self) -> float:
        """By how many seconds the dates of AWS's answers are ahead of the clock; settable."""
        return self._gateway.clock_ahead

    @clock_ahead.setter
    def clock_ahead(self, seconds: float) -> None:
        self._gateway.clock_ahead = seconds

    @property
    def calls(self) -> List[Call]:
        """Every request that arrived, in the order of the answers."""
        return self._gateway.calls

    def call_counts(self) -> Dict[str, int]:
        """How many requests arrived, by operation."""
        return dict(Counter(call.operation for call in self.calls))

    def add_account(self, ak_id: str, ak_secret: Optional[str] = None, partition: str = "aws") -> AwsAccount:
        """Add an account with an access key; signatures are verified when a secret is given, and else taken."""
        return self._accounts.add(ak_id, ak_secret, partition)

    def add_distribution(
        self,
        account: AwsAccount,
        aliases: Sequence[str] = (),
        comment: str = "",
        traffic: Optional[Traffic] = None,
        created_at: Optional[float] = None,
        tags: Mapping[str, str] = MappingProxyType({}),
        additional_metrics: bool = False,
        enabled: bool = True,
        settings: Mapping[str, Any] = MappingProxyType({}),
        certificate: str = "",
    ) -> str:
        """Create a distribution and return its Id; without a traffic it has one of its own, none when not enabled.

        `settings` are more of its configuration, such as {"WebACLId": …}; `certificate` is the ARN of one of ACM or the
        ID of one of IAM.
        """
        self._created += 1
        distribution_id = _distribution_id(self._seed, self._created)
        since = self._clock.time() - AGE if created_at is None else created_at
        busy = traffic or (typical_traffic(self._seed, distribution_id) if enabled else IDLE)
        record = Record(distribution_id, aliases, comment, enabled, tags, since, settings, certificate=certificate)
        self._control.create(account, record)
        self._points.add(
            Source(distribution_id, account.account_id, account.home_region, busy, since, additional_metrics)
        )
        return distribution_id

    def update_distribution(
        self, account: AwsAccount, distribution_id: str, deployed_after: float = 240.0, **changes: Any
    ) -> None:
        """Modify a distribution: `aliases`, `comment`, `enabled`, `settings`, `certificate`, or its `origin`'s domain.

        It has a new ETag and LastModifiedTime, and is `InProgress` for so many seconds.
        """
        self._control.update(account, distribution_id, deployed_after, changes)

    def add_certificate(self, account: AwsAccount, expires_at: float, region: str = "", **members: Any) -> str:
        """Add a certificate to ACM, and return its ARN; `members` are those of DescribeCertificate's answer.

        Unless they say otherwise, ACM has issued it and renews it. `region` is the account's home region when empty.
        """
        return self._certificates.add_to_acm(account, region or account.home_region, expires_at, **members)

    def change_certificate(self, arn: str, **members: Any) -> None:
        """Let ACM tell something else of a certificate, such as another NotAfter (epoch seconds)."""
        self._certificates.renew(arn, **members)

    def add_server_certificate(self, account: AwsAccount, expires_at: float) -> str:
        """Upload a server certificate to IAM, and return its ID."""
        return self._certificates.add_to_iam(account, expires_at)

    def tag(self, account: AwsAccount, distribution_id: str, tags: Mapping[str, str]) -> None:
        """Give a distribution these resource tags, in the place of those of the same keys."""
        self._control.tag(account, distribution_id, tags)

    def remove_distribution(self, account: AwsAccount, distribution_id: str) -> None:
        """Delete a distribution; CloudWatch keeps what it has published."""
        self._control.remove(account, distribution_id)
        self._points.end(distribution_id, self._clock.time())

    def demand_external_id(self, role_arn: str, external_id: str) -> None:
        """Let a role be assumed with this external ID only; without, any role of an account here can be."""
        self._gateway.tokens.demand(role_arn, external_id)

    def deny(self, access_key: str, action: str, bucket: str = ANY) -> None:
        """Take an IAM action, such as `cloudfront:ListDistributions`, away from an access key.

        `s3:ListBucket`, `s3:GetObject` and `kms:Decrypt` can be taken away for one bucket.
        """
        self._accounts.deny(access_key, action, bucket)

    def allow(self, access_key: str, action: str, bucket: str = ANY) -> None:
        """Give back what `deny` with the same arguments took away."""
        self._accounts.allow(access_key, action, bucket)

    def add_bucket(
        self,
        owner: AwsAccount,
        name: str,
        region: str = "us-east-1",
        shared_with: Sequence[AwsAccount] = (),
        requester_pays: bool = False,
        kms_key: str = "",
    ) -> None:
        """Create a bucket of an account; what is said of it, `devtools.aws.s3.Bucket` explains."""
        readers = frozenset(account.account_id for account in shared_with)
        self._buckets.add(Bucket(name, owner, region, readers, requester_pays, kms_key))

    def put_object(self, bucket: str, key: str, body: bytes, modified_at: Optional[float] = None) -> None:
        """Write an object into a bucket, now (by the clock) unless it is said when."""
        self._buckets.put(bucket, key, body, modified_at)

    def delete_object(self, bucket: str, key: str) -> None:
        """Delete an object, as a lifecycle rule does."""
        self._buckets.delete(bucket, key)

    def cut_listings(self, items: Optional[int]) -> None:
        """Let listings of buckets and deliveries come in pages of so many items; None for AWS's own size."""
        self._buckets.page = self._deliveries.page = items

    def deliver_logs(self, account: AwsAccount, distribution_id: str, destination: str, **options: Any) -> Delivery:
        """Set up standard logging v2 of a distribution; `devtools.aws.deliveries.Delivery` has the options.

        That of the older kind is `settings={"Logging": {"Enabled": "true", "IncludeCookies": "false",
        "Bucket": "<bucket>.s3.amazonaws.com", "Prefix": …}}` of `add_distribution`.
        """
        delivery = Delivery(account, distribution_id, destination, **options)
        self._deliveries.add(delivery)
        return delivery

    def access_logs(self, distribution_id: str) -> Logged:
        """A distribution's requests, and the log files of them."""
        source = self._points.source(distribution_id)
        domain, aliases = self._control.names(distribution_id)
        return Logged(self._seed, source.id, source.account_id, domain, [*aliases, domain][0], source.traffic)

    def put_logs(
        self, distribution_id: str, place: LogPlace, start: int, end: int, files: int = 2, at: Optional[float] = None
    ) -> List[LogFile]:
        """Write so many log files for each hour with the requests of [start, end) to their place, now or at `at`."""
        made = list(self.access_logs(distribution_id).files(place, start, end, files))
        for file in made:
            self.put_object(file.bucket, file.key, file.body, at)
        return made

    def stop_delivery(self, distribution_id: str) -> None:
        """Delete the deliveries of a distribution."""
        self._deliveries.remove(distribution_id)

    def break_series(
        self, distribution_id: str, metric: str, status: str, message: str = "", times: Optional[int] = None
    ) -> None:
        """Let GetMetricData answer a distribution's metric with `status`, the next `times` times or for good.

        `PartialData` comes with half of the data points, `InternalError` and `Forbidden` with none, `Complete` with
        all of them, so that only the message remains.
        """
        self._cloudwatch.break_series(distribution_id, metric, status, message, times)

    def cut_pages(self, data_points: int) -> None:
        """Put at most so many data points on a page of GetMetricData, whatever MaxDatapoints allows."""
        self._cloudwatch.page = data_points

    def endless_pages(self, endless: bool = True) -> None:
        """Let every page of GetMetricData name another one after it."""
        self._cloudwatch.endless = endless

    def settle_after(self, seconds: int) -> None:
        """Let a minute read low for so many seconds after its end, from now on."""
        self._points.settles_after = seconds

    def delay_minute(self, distribution_id: str, minute: int, visible_at: float) -> None:
        """Show nothing of a minute (epoch seconds) before `visible_at`, and its settled values from then on."""
        self._points.delay(distribution_id, minute, visible_at)

    def revise(self, distribution_id: str, metric: str, minute: int, value: float, at: float) -> None:
        """From `at` on, let a metric's minute have another value, even one where there was none."""
        self._points.revise(distribution_id, metric, minute, value, at)

    def truth(self, distribution_id: str, metric: str, minute: int, statistic: Optional[str] = None) -> Optional[float]:
        """The settled value of a minute after all revisions; None where there is none."""
        return self._points.truth(distribution_id, metric, minute, statistic)

    def true_minutes(self, distribution_id: str, start: int, end: int) -> Dict[int, Dict[str, float]]:
        """The final values of the six default metrics of all minutes in [start, end) that have any."""
        return self._points.true_minutes(distribution_id, start, end)


def _distribution_id(seed: int, number: int) -> str:
    # E and 13 characters, as AWS gives them out.
    parts: Tuple[float, ...] = draws(f"{seed}/id/{number}/a", 8) + draws(f"{seed}/id/{number}/b", 5)
    return "E" + "".join(ID_CHARACTERS[int(part * len(ID_CHARACTERS))] for part in parts)
