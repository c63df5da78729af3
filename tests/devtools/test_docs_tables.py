"""The metric tables of the READMEs are those of the catalog."""

import pytest

from devtools.docs import READMES, ROOT, tables, written
from guance_aws_cloudfront.catalog import all_metrics, field_name


@pytest.mark.parametrize("name", READMES)
def test_the_tables_in_a_readme_are_up_to_date(name) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert written(text, READMES[name]) == text, "run make docs"


@pytest.mark.parametrize("language", READMES.values(), ids=READMES)
def test_every_metric_has_a_row_with_its_fields_meaning_and_unit(language) -> None:
    drawn = tables(language)
    for metric in all_metrics().values():
        fields = [f"`{field_name(metric.name, statistic)}`" for statistic in metric.statistics]
        row = f"| {', '.join(fields)} | {language.meanings[metric.name]} | {language.units[metric.unit]} |"
        assert row in drawn.splitlines()


def test_a_readme_without_a_place_for_the_tables_is_an_error() -> None:
    with pytest.raises(ValueError, match="there are 0 places"):
        written("# nothing", READMES["README.md"])
