"""Which deliveries are access logs of a distribution in S3, out of all that CloudWatch Logs tells of an account."""

from guance_aws_cloudfront.aws.log_files import Deliveries
from guance_aws_cloudfront.logs.places import delivered_places

ACCOUNT = "123456789012"


def arn_of(distribution):
    return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{distribution}"


def source(distribution, name=None):
    return {"name": name or f"from-{distribution}", "resourceArns": [arn_of(distribution)], "service": "cloudfront"}


def destination(name, output_format="w3c", bucket="logs"):
    configuration = {"destinationResourceArn": f"arn:aws:s3:::{bucket}/{name}"}
    return {"arn": name, "outputFormat": output_format, "deliveryDestinationConfiguration": configuration}


def delivery(distribution, to, number=1, kind="S3", **more):
    names = {"deliverySourceName": f"from-{distribution}", "deliveryDestinationArn": to}
    return {"id": f"{number}-{to}", **names, "deliveryDestinationType": kind, **more}


RECORDS = [{"Id": "E1", "ARN": arn_of("E1")}, {"Id": "E2", "ARN": arn_of("E2")}, {"Id": "E3"}]


def found(deliveries, destinations=(), sources=("E1", "E2", "E9"), **begun):
    told = Deliveries([source(one) for one in sources], list(deliveries), list(destinations))
    return delivered_places(told, RECORDS, begun)


def test_the_places_are_those_of_deliveries_to_s3_of_these_distributions() -> None:
    deliveries = [delivery("E1", "a"), delivery("E9", "a"), delivery("E2", "group", kind="CWL"), {"id": "odd"}]
    places, remarks = found(deliveries, [destination("a"), destination("group")])
    assert {key: (place.bucket, place.paths) for key, place in places.items()} == {"E1": ("logs", ("a/",))}
    assert remarks == []


def test_nothing_told_is_nothing_found() -> None:
    assert found([]) == ({}, [])
    assert found([delivery("E1", "a")], [destination("a")], sources=()) == ({}, [])


def test_of_several_deliveries_the_first_that_can_be_read_is_taken_in_a_fixed_order() -> None:
    deliveries = [delivery("E1", "c", 3), delivery("E1", "b", 2), delivery("E1", "p", 1)]
    destinations = [destination("p", "parquet"), destination("b", "json"), destination("c")]
    for order in (deliveries, deliveries[::-1]):
        places, remarks = found(order, destinations)
        assert places["E1"].paths == ("b/",)
        # What is in Parquet is there in another form too.
        assert remarks == []


def test_a_second_delivery_does_not_take_the_place_of_the_one_that_was_begun() -> None:
    destinations = [destination("b"), destination("c")]
    (begun,) = found([delivery("E1", "c", 3)], destinations).places.values()
    places, _ = found([delivery("E1", "b", 2), delivery("E1", "c", 3)], destinations, E1=begun.name)
    assert places["E1"].paths == ("c/",)
    # One that is gone does not matter any more.
    places, _ = found([delivery("E1", "b", 2)], destinations, E1=begun.name)
    assert places["E1"].paths == ("b/",)


def test_parquet_and_a_destination_of_another_account_are_told() -> None:
    deliveries = [delivery("E1", "p"), delivery("E2", "arn:aws:logs:us-east-1:999999999999:delivery-destination:x")]
    places, remarks = found(deliveries, [destination("p", "parquet")])
    assert places == {}
    assert remarks == [
        "Access logs of E1 are delivered as Parquet, which is not supported: create a delivery destination with the "
        "output format w3c, json or plain.",
        "Access logs of E2 are delivered to another account, which does not tell this one its bucket: say in 'buckets' "
        "of LOGS where the files are.",
    ]
