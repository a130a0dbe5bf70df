"""deployments/inbox_events.yaml: which events go to Prefect, as what, by whom, and what if not.

That Prefect starts a run for what is sent is tested in tests/integration/test_inbox_events.py.
"""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from typing import Any

import pytest

from techne.documents.inbox_request import DEFAULT_PATTERNS
from tests.support.cloudformation import Stack, statements
from tests.support.event_rule import RULE, transformed, upload
from tests.unit.deployments.infrastructure import infrastructure

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:login-AbCdEf"


@lru_cache(maxsize=8)
def inbox_events(**parameters: str) -> Stack:
    given = {
        "Bucket": "transcripts",
        "Prefix": "in/",
        "PrefectApiUrl": "https://prefect.example/api",
        "PrefectLoginSecretArn": SECRET,
    }
    return Stack(RULE, **{**given, **parameters})


def target(**parameters: str) -> dict[str, Any]:
    (only,) = inbox_events(**parameters).properties("TranscriptRule")["Targets"]
    found: dict[str, Any] = only
    return found


@pytest.mark.skipif(importlib.util.find_spec("cfnlint") is None, reason="cfn-lint is not installed")
def test_cfn_lint_finds_nothing() -> None:
    from cfnlint.api import lint_file  # type: ignore[import-untyped, unused-ignore]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped, unused-ignore]

    found = lint_file(RULE, config=ManualArgs(regions=["us-east-1", "eu-west-1"]))
    assert [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in found] == []


def test_only_transcripts_of_the_folder_are_told_of() -> None:
    pattern = inbox_events().properties("TranscriptRule")["EventPattern"]
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"]["bucket"]["name"] == ["transcripts"]
    wildcards = [one["wildcard"] for one in pattern["detail"]["object"]["key"]]
    assert wildcards == [f"in/{name}" for name in DEFAULT_PATTERNS]


def test_the_stacks_own_input_bucket_sends_its_events() -> None:
    notifications = infrastructure().properties("InputBucket")["NotificationConfiguration"]
    assert notifications["EventBridgeConfiguration"]["EventBridgeEnabled"] is True


def test_what_is_sent_is_a_list_of_one_event() -> None:
    (event,) = json.loads(transformed(target()["InputTransformer"], upload("transcripts", "in/talk.json")))
    assert event["event"] == "s3.object.created"
    assert event["resource"] == {"prefect.resource.id": inbox_events().outputs["ResourceId"]}
    assert event["payload"]["key"] == "in/talk.json"


@pytest.mark.parametrize(
    "key",
    [
        'in/"}, "payload": {"key": "x.json',
        "in/\\",
        "in/<bucket>.json",
        "in/aula nº 1 – revisão.json",
        "in/{{ x }}.json",
    ],
)
def test_no_name_of_an_object_says_anything_but_its_name(key: str) -> None:
    (event,) = json.loads(transformed(target()["InputTransformer"], upload("transcripts", key)))
    assert event["payload"]["key"] == key
    assert set(event) == {"id", "occurred", "event", "resource", "payload"}


def test_a_second_delivery_is_the_same_event_and_a_second_version_another() -> None:
    def sent(event: dict[str, Any]) -> dict[str, Any]:
        (only,) = json.loads(transformed(target()["InputTransformer"], event))
        found: dict[str, Any] = only
        return found

    first, again = upload("transcripts", "in/a.json"), upload("transcripts", "in/a.json", etag="b" * 32)
    assert sent(first) == sent(first)
    assert sent(first)["id"] != sent(again)["id"]
    assert sent(first)["payload"]["etag"] != sent(again)["payload"]["etag"]


def test_prefect_is_called_by_post_with_its_login() -> None:
    destination = inbox_events().properties("Destination")
    assert destination["InvocationEndpoint"] == "https://prefect.example/api/events"
    assert destination["HttpMethod"] == "POST"
    assert destination["ConnectionArn"] == "Connection.Arn"
    connection = inbox_events().properties("Connection")
    assert connection["AuthorizationType"] == "BASIC"
    login = connection["AuthParameters"]["BasicAuthParameters"]
    for half in ("username", "password"):
        assert login[half.capitalize()] == f"{{{{resolve:secretsmanager:{SECRET}:SecretString:{half}}}}}"
    assert inbox_events().source["Parameters"]["PrefectApiUrl"]["AllowedPattern"].startswith("https:")


def test_a_server_in_a_private_network_is_reached_where_it_is_named() -> None:
    assert "InvocationConnectivityParameters" not in inbox_events().properties("Connection")
    private = inbox_events(ResourceConfigurationArn="arn:aws:vpc-lattice:x").properties("Connection")
    assert private["InvocationConnectivityParameters"] == {
        "ResourceParameters": {"ResourceConfigurationArn": "arn:aws:vpc-lattice:x"}
    }


def test_the_rule_may_call_the_one_destination_and_nothing_else() -> None:
    assert target()["RoleArn"] == "CallRole.Arn"
    (statement,) = inbox_events().role_statements("CallRole")
    assert statement.actions == ("events:InvokeApiDestination",)
    assert statement.resources == ("Destination.Arn",)
    (trust,) = statements(inbox_events().properties("CallRole")["AssumeRolePolicyDocument"])
    assert trust.principals == ("events.amazonaws.com",)
    assert trust.conditions == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_what_can_not_be_delivered_is_kept_and_told_of() -> None:
    assert target()["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
    assert target()["RetryPolicy"]["MaximumRetryAttempts"] > 0
    queue = inbox_events().properties("DeadLetterQueue")
    assert queue["SqsManagedSseEnabled"] is True
    rights = statements(inbox_events().properties("DeadLetterQueuePolicy")["PolicyDocument"])
    (allowed,) = [one for one in rights if one.effect == "Allow"]
    assert allowed.principals == ("events.amazonaws.com",)
    assert allowed.conditions == {"ArnEquals": {"aws:SourceArn": "TranscriptRule.Arn"}}
    assert any(one.effect == "Deny" and "aws:SecureTransport" in str(one.conditions) for one in rights)
    assert "AlarmActions" not in inbox_events().properties("UndeliveredAlarm")
    told = inbox_events(AlarmTopicArn="arn:aws:sns:x").properties("UndeliveredAlarm")
    assert told["AlarmActions"] == ["arn:aws:sns:x"]
