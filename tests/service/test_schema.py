"""Requests made from the schema: every answer must be one that the schema describes."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from service.app import create_app
from service.engine.dummy import DummyEngine
from tests.service.servers import SIZES, client_of, settings_of

schema = schemathesis.openapi.from_dict(create_app(settings_of(), DummyEngine(SIZES)).openapi())

# Bytes made from "a binary string" are seldom an image, and in a form, where every value is text,
# "1" and "on" are booleans and an empty value is an absent one: no schema can say so.
UNSAYABLE = [positive_data_acceptance, negative_data_rejection]


@pytest.fixture(scope="module")
def base_url():
    with client_of() as client:
        yield str(client.base_url)


@schema.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case, base_url):
    case.call_and_validate(base_url=base_url, excluded_checks=UNSAYABLE)
