"""The template of the Resource Catalog's viewer has the form of Guance's API and names what objects have."""

import pytest

from devtools.assets import dql
from tests.assets.conftest import LANGUAGES, read


@pytest.fixture(params=LANGUAGES)
def template(request):
    return {**read("resource-catalog", request.param), "dashboard": read("dashboard", request.param)}


def test_it_has_the_keys_of_guances_export(template) -> None:
    # The response of GET /api/v1/objc_cfg/{objc_name}/export, without the group of the workspace.
    assert set(template) == {"main", "title", "summary", "iconSet", "dashboard"}
    (main,) = template["main"]
    assert set(main) == {"class", "source", "filters", "table", "fields", "groups", "fills"}
    assert (main["class"], main["source"]["key"]) == ("custom_object", "aws_cloudfront")
    assert set(main["table"]) == {"columns", "detail"}
    (view,) = main["table"]["detail"]["views"]
    assert set(view) == {"keys", "title", "required", "viewName", "viewType", "timerange"}


def test_columns_filters_and_groups_are_fields_of_the_objects(template) -> None:
    (main,) = template["main"]
    for listed in (main["table"]["columns"], main["filters"], main["groups"]):
        names = [one["key"] for one in listed]
        assert len(set(names)) == len(names) > 2
        assert set(names) <= dql.object_fields() | dql.OBJECT_TAGS
    # A property that is required here makes Guance drop every object without it.
    assert main["fields"] == [{"name": "name"}]


def test_an_object_shows_the_dashboard_of_its_domain(template) -> None:
    (view,) = template["main"][0]["table"]["detail"]["views"]
    assert (view["viewType"], view["viewName"]) == ("dashboard", template["dashboard"]["title"])
    assert (view["keys"], view["required"]) == ({"DomainName": "*"}, True)
    assert set(view["keys"]) <= {variable["code"] for variable in template["dashboard"]["main"]["vars"]}
