"""The distributions of a run: listed, with their resource tags, chosen, and what is known beside their records."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError
from guance_aws_cloudfront.cloudfront.record import logging_fields, text_of
from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.func.log import RunLog
from guance_aws_cloudfront.func.state import State
from guance_aws_cloudfront.points.choice import TagsById, choose, idle_keys, idle_patterns
from guance_aws_cloudfront.points.resource_tags import cleaned
from guance_aws_cloudfront.points.series import Listed, distributions_by_function, has_additional_metrics
from guance_aws_cloudfront.settings.account import Account
from guance_aws_cloudfront.settings.config import CollectorConfig
from guance_aws_cloudfront.steps.certificates import fields_of_certificates
from guance_aws_cloudfront.text import count, some_of

# Configurations are asked for one by one: so many a run, until all are known.
CONFIGURATIONS_A_RUN = 100
AS_BEFORE = "Until then, only resource tags that were read before are known."

Record = Dict[str, Any]


class Distributions(NamedTuple):
    """The distributions to collect: their records, and their clean resource tags by ID.

    `listed` are the records of all distributions, also those that are not collected; `callers` their IDs by the
    CloudFront function that they call; `functions` the names of those that a collected one calls.
    """

    records: List[Record]
    resource_tags: TagsById
    listed: Sequence[Record]
    callers: Mapping[str, List[str]]
    functions: Set[str]

    @property
    def are_all_collected(self) -> bool:
        """Whether no distribution is left out by the configuration."""
        return len(self.records) == len(self.listed)

    @property
    def listed_ids(self) -> Set[str]:
        """The IDs of all distributions, also those that are not collected."""
        return {record["Id"] for record in self.listed}


class Inventory:
    """Lists, chooses and describes the distributions of an account.

    What is asked for one by one, or seldom changes, is kept between runs and requested again when `objects_due`.
    """

    def __init__(
        self, account: Account, config: CollectorConfig, aws: Aws, state: State, log: RunLog, objects_due: bool
    ) -> None:
        self._account, self._config, self._aws, self._state, self._log = account, config, aws, state, log
        self._objects_due = objects_due
        # All keys that AWS listed, for the nearest one to a mistaken one.
        self._tag_keys: Set[str] = set()
        self._told: Optional[Dict[str, Dict[str, str]]] = None

    def distributions(self) -> Distributions:
        """The distributions to collect, which is said; AwsError, or StepError when it cannot be known which."""
        return self.chosen(self._aws.distributions(self._log.warn))

    def chosen(self, listed: Sequence[Record]) -> Distributions:
        """Of all distributions those to collect, which is said; StepError when it cannot be known which."""
        tags = self._tags(listed)
        choice = self._config.distributions
        chosen = choose(listed, choice, tags)
        of_them = f", {len(chosen):,} chosen" if any(choice) else ""
        self._log.say(f"Distributions: {f'{len(listed):,} listed{of_them}' if listed else 'there are none'}.")
        for text in idle_patterns(listed, choice, tags, self._tag_keys):
            self._log.warn(text)
        clean = cleaned(
            {record["Id"]: tags.get(record["Id"], {}) for record in chosen},
            self._config.resource_tags,
            self._account.extra_tags,
        )
        for text in idle_keys(self._config.resource_tags, self._tag_keys):
            self._log.warn(text)
        if clean.renamed:
            self._log.say(clean.renamed)
        for text in clean.warnings:
            self._log.warn(text)
        callers, ids = distributions_by_function(listed), {record["Id"] for record in chosen}
        called = {name for name, of in callers.items() if ids.intersection(of)}
        return Distributions(chosen, clean.by_id, listed, callers, called)

    def extra_fields(
        self, records: Sequence[Record], listed: Optional[Listed], now: float
    ) -> Dict[str, Dict[str, Any]]:
        """What objects carry beside the records at `now` (epoch seconds), by distribution ID.

        That is whether additional metrics are on and, with the key 'details', logging and certificates.
        """
        details = self.details(records)
        certificates: Mapping[str, Mapping[str, Any]] = {}
        if self._config.details:
            certificates = fields_of_certificates(records, self._account, self._aws, self._state, self._log, now)
        known = {record["Id"]: has_additional_metrics(record["Id"], listed or {}) for record in records}
        return {
            key: {
                **details.get(key, {}),
                **certificates.get(key, {}),
                **({} if is_on is None else {"AdditionalMetrics": is_on}),
            }
            for key, is_on in known.items()
        }

    def _tags(self, records: Sequence[Record]) -> TagsById:
        """The resource tags that matter, by distribution ID: as AWS answers them, or as they were known last."""
        wanted = [list(self._config.resource_tags), self._config.chosen_by_tags]
        if not records or not any(wanted):
            return {}
        kept = self._state.recall("tags") or {}
        known: TagsById = kept["tags"] if kept.get("wanted") == wanted else {}
        asked = [record for record in records if self._objects_due or record["Id"] not in known]
        if asked:
            known = {**known, **self._asked_tags(asked)}
            self._state.keep("tags", {"wanted": wanted, "tags": _of(records, known)})
        # Of a record without an ARN, which is warned of, nothing may be known: it counts as one without tags.
        unknown = [record["Id"] for record in records if record["Id"] not in known and text_of(record, "ARN")]
        if unknown and self._config.chosen_by_tags:
            raise StepError(
                "Which distributions to collect cannot be known without their resource tags (key 'distributions'); "
                f"concerns {some_of(unknown)}. Until then nothing is collected; the next run that can read them "
                "catches up."
            )
        return known

    def _asked_tags(self, records: Sequence[Record]) -> TagsById:
        """As AWS answers them: all in one listing, or, where that is not allowed, one by one; those that it answers."""
        try:
            by_arn = self._aws.resource_tags()
        except AwsDeniedError as denied:
            return self._tags_one_by_one(records, denied)
        except AwsError as error:
            self._log.fail(f"{error} {AS_BEFORE}")
            return {}
        # AWS leaves out distributions that never had a tag. By the ID at the end of each ARN, which a record may lack.
        by_id = {arn.rpartition("/")[2]: tags for arn, tags in by_arn.items()}
        return {record["Id"]: self._wanted(by_id.get(record["Id"], {})) for record in records}

    def _tags_one_by_one(self, records: Sequence[Record], denied: AwsDeniedError) -> TagsById:
        asked = [record for record in records if text_of(record, "ARN")]
        # One is enough to learn that they are not allowed either.
        answers = self._aws.tags_of([record["ARN"] for record in asked[:1]])
        if not any(isinstance(answer, AwsDeniedError) for answer in answers):
            answers += self._aws.tags_of([record["ARN"] for record in asked[1:]])
        by_id = dict(zip((record["Id"] for record in asked), answers))
        errors = [answer for answer in answers if isinstance(answer, AwsError)]
        if errors and all(isinstance(error, AwsDeniedError) for error in errors):
            self._log.warn(f"{denied} {errors[0]} One of both is enough. {AS_BEFORE}")
        else:
            self._fail_all(errors)
        # One that was deleted since the listing has none.
        found = {
            key: {} if isinstance(answer, AwsError) and answer.is_gone else answer for key, answer in by_id.items()
        }
        return {key: self._wanted(tags) for key, tags in found.items() if not isinstance(tags, AwsError)}

    def _wanted(self, tags: Mapping[str, str]) -> Dict[str, str]:
        self._tag_keys.update(tags)
        return {key: value for key, value in tags.items() if self._config.wants_tag(key)}

    def details(self, records: Sequence[Record]) -> Dict[str, Dict[str, str]]:
        """What the configurations tell, by distribution ID, with the key 'details' (none without).

        It is asked for once, and of those only that have changed since they were asked for.
        """
        if self._told is None:
            self._told = self._details(records) if self._config.details else {}
        return self._told

    def _details(self, records: Sequence[Record]) -> Dict[str, Dict[str, str]]:
        kept = self._state.recall("details") or {}
        marks = {record["Id"]: str(record.get("ETag") or record.get("LastModifiedTime") or "") for record in records}
        # Of a record without either, nobody knows whether it has changed.
        known = {key: kept[key] for key, mark in marks.items() if mark and kept.get(key, {}).get("mark") == mark}
        asked = [key for key in marks if key not in known][:CONFIGURATIONS_A_RUN]
        answers = dict(zip(asked, self._aws.configurations(asked)))
        errors = [answer for answer in answers.values() if isinstance(answer, AwsError)]
        if errors and all(isinstance(error, AwsDeniedError) for error in errors):
            self._log.warn(f"{errors[0]} Until then, objects do not show whether standard logging is on.")
        else:
            self._fail_all(errors)
        for key, answer in answers.items():
            if not isinstance(answer, AwsError):
                known[key] = {"mark": marks[key], "fields": logging_fields(answer)}
        if asked:
            self._log.say(f"Configurations: {count(len(asked), 'call')}; {len(known):,} of {len(marks):,} known.")
        # Also when nothing is new, because what is kept ends after a week.
        self._state.keep("details", known)
        return {key: one["fields"] for key, one in known.items()}

    def _fail_all(self, errors: Sequence[AwsError]) -> None:
        for error in errors:
            # One that was deleted since the listing is nobody's fault.
            if not error.is_gone:
                self._log.fail(str(error))


def _of(records: Sequence[Record], tags: TagsById) -> TagsById:
    """The tags of distributions that are still there."""
    return {record["Id"]: tags[record["Id"]] for record in records if record["Id"] in tags}
