"""The configuration of Guance's own CloudFront collector, understood as far as it means something here."""

from typing import Any, Dict, List, Mapping, Tuple

from guance_aws_cloudfront.cloudfront.catalog import NAMESPACE
from guance_aws_cloudfront.settings.validation import ConfigError, known_keys, quoted, refusal

TARGETS = f"a list of dicts, such as [{{'namespace': '{NAMESPACE}', 'metrics': 'ALL'}}]"


def translated(account: Any, configs: Any) -> Tuple[Any, Any]:
    """The account (or list of accounts) and the configuration, in the form of this package.

    In Guance's own collectors `regions` is a key of the configuration: it goes to every account that names neither
    regions nor a partition. `targets` gives `metrics` by namespace: those of AWS/CloudFront become `metrics`.
    ConfigError when `targets` is wrong or asks for another namespace. Anything else is handed through.
    """
    if not isinstance(configs, Mapping):
        return account, configs
    left = {key: value for key, value in configs.items() if key not in ("regions", "targets")}
    if "regions" in configs:
        of_all = isinstance(account, (list, tuple))
        regions = configs["regions"]
        account = [_with_regions(one, regions) for one in account] if of_all else _with_regions(account, regions)
    if "targets" in configs:
        left.update(_metrics(configs["targets"], "metrics" in configs))
    return account, left


def _with_regions(account: Any, regions: Any) -> Any:
    if not isinstance(account, Mapping) or "regions" in account or "partition" in account:
        return account
    return {**account, "regions": regions}


def _metrics(targets: Any, is_given: bool) -> Dict[str, Any]:
    """The key `metrics` that targets stand for, empty when they leave it to the default."""
    if not isinstance(targets, (list, tuple)) or not all(isinstance(one, Mapping) for one in targets):
        raise refusal("Configuration", "targets", targets, TARGETS)
    found: List[Mapping[str, Any]] = []
    for target in targets:
        known_keys(target, "An entry of the configuration key 'targets'", ("namespace", "metrics"))
        if target.get("namespace") != NAMESPACE:
            raise ConfigError(
                f"Configuration key 'targets' names the namespace {quoted(target.get('namespace'))}: this script set "
                f"collects {NAMESPACE} only. Remove the entry here, and leave it to the script set of that product."
            )
        found.append(target)
    if len(found) > 1:
        raise ConfigError(f"Configuration key 'targets' names {NAMESPACE} {len(found)} times: join them into one.")
    if not found or "metrics" not in found[0]:
        return {}
    if is_given:
        raise ConfigError("Configuration keys 'metrics' and 'targets' both choose the metrics: keep 'metrics'.")
    return {"metrics": found[0]["metrics"]}
