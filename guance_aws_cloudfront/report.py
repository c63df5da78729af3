"""The only module that talks to Guance: points go through a connector of Func (DataKit, DataWay or Guance)."""

import itertools
import json
import re
from collections import Counter
from typing import Any, Iterable, Iterator, List, Mapping, Sequence, TypeVar

from guance_aws_cloudfront.errors import StepError
from guance_aws_cloudfront.text import count, one_line

# One POST of the connector's helper: with more, an outcome would be known of the last POST only, and DataWay's helper
# loses what follows a compressed one.
POINTS_PER_CALL = 100

Item = TypeVar("Item")


class ReportError(StepError):
    """Writing failed. `status` is the HTTP status, 400 when the sink refused just these points, 0 when none came."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Sink:
    """A connector of Func to write to; ReportError when there is none of that ID or it cannot write."""

    def __init__(self, func: Any, connector_id: str) -> None:
        self._id = connector_id
        try:
            connector = func.CONN(connector_id)
            # A Guance connector writes through the DataWay of its workspace.
            connector = getattr(connector, "dataway", None) or connector
            self._write = connector.write_by_category_many
        except AttributeError:
            raise ReportError(
                f"The connector \"{connector_id}\" cannot write points: set 'datakit_id' to a connector of the type "
                "DataKit, DataWay or Guance."
            ) from None
        except Exception as error:  # noqa: BLE001 - Func's own exceptions cannot be imported in a script
            raise ReportError(_not_found(connector_id, error)) from None

    def write(self, category: str, points: Sequence[Mapping[str, Any]]) -> None:
        """Write 1 to 100 points of a category (`custom_object`, `metric`); ReportError unless the sink took them."""
        try:
            answer = self._write(category, points)
        except Exception as error:  # noqa: BLE001 - the helper raises plain Exception
            text = one_line(error)
            said = re.search(r"Status Code: (\d+)", text)
            raise self._failure(points, int(said.group(1)) if said else 0, text) from None
        # Older Func returns the status of a refused write instead of raising.
        status = answer[0] if isinstance(answer, (tuple, list)) and answer else 0
        if not isinstance(status, int) or not 200 <= status < 300:
            raise self._failure(points, status if isinstance(status, int) else 0, one_line(answer))

    def _failure(self, points: Sequence[Mapping[str, Any]], status: int, text: str) -> ReportError:
        said = re.sub(r"(token=)[^&\s]+", r"\1***", text)
        what = f'Writing {count(len(points), "point")} to the connector "{self._id}" failed'
        if status == 400:
            return ReportError(f"{what}: the points were refused ({said}). Report it with this line.", status)
        return ReportError(f"{what} ({said}). {_advice(status)} The next run sends them again.", status)


class Preview:
    """In the place of a sink: shows the first points of each category and writes nothing."""

    SHOWN = 5

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def write(self, category: str, points: Sequence[Mapping[str, Any]]) -> None:
        """Print as many of the points as are still to be shown, one JSON object a line."""
        for point in points[: max(0, self.SHOWN - self._seen[category])]:
            print(f"{category}: {json.dumps(point, ensure_ascii=False, sort_keys=True)}")
        self._seen[category] += len(points)


def in_batches(items: Iterable[Item]) -> Iterator[List[Item]]:
    """The items in lists of at most 100, as many as one write takes."""
    iterator = iter(items)
    return iter(lambda: list(itertools.islice(iterator, POINTS_PER_CALL)), [])


def _not_found(connector_id: str, error: Exception) -> str:
    if type(error).__name__ == "EntityNotFound":
        return (
            f'The connector "{connector_id}" does not exist in Func: create it (Development / Connectors, of the type '
            "DataKit, DataWay or Guance), or set 'datakit_id' in the startup script to the ID of the one you have."
        )
    return f'The connector "{connector_id}" could not be opened ({one_line(error)}): check its settings in Func.'


def _advice(status: int) -> str:
    if status in (401, 403):
        return "Check the connector's token, and that DataKit admits the Func host."
    if status == 429:
        return "The sink limits the rate of requests; raise its limit if this lasts."
    if status == 0:
        return "Check that DataKit (or DataWay) runs and that the Func host reaches the connector's address."
    return "Check the log of DataKit (or DataWay)."
