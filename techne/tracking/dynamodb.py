"""Records in a DynamoDB table, for workers on many machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from techne.aws import aws_errors, client, error_code
from techne.errors import ConfigurationError
from techne.tracking.model import ExecutionRecord, ExecutionStatus, Page

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEY = "execution_id"
_PROBE: Any = {KEY: {"S": "techne-check"}}
_DOCUMENTS = frozenset({"request", "result", "metadata"})
"""Fields kept as JSON text: DynamoDB's own documents would turn their floats into decimals."""


class DynamoDBTable:
    """The `RecordTable` of a DynamoDB table whose partition key is the string `execution_id`.

    Attributes bear the names of the record's fields. A write is a PutItem on the condition of the stored
    revision. It needs dynamodb:GetItem and dynamodb:PutItem (S1-27); `recent` and `page` need dynamodb:Scan.
    """

    def __init__(self, name: str, *, region: str) -> None:
        self._name = name
        self._region = region

    @property
    def _dynamodb(self) -> DynamoDBClient:
        dynamodb: DynamoDBClient = client("dynamodb", self._region)
        return dynamodb

    def check(self) -> None:
        """Read, and write on a condition that never holds: shows table, key and access, changes nothing."""
        with self._errors("dynamodb:GetItem"):
            self._dynamodb.get_item(TableName=self._name, Key=_PROBE)
        self._put(_PROBE, "attribute_exists(execution_id) AND attribute_not_exists(execution_id)")

    def get(self, execution_id: str) -> ExecutionRecord | None:
        """The record as last written; the read is strongly consistent."""
        with self._errors("dynamodb:GetItem"):
            response = self._dynamodb.get_item(
                TableName=self._name, Key={KEY: {"S": execution_id}}, ConsistentRead=True
            )
        return _record(response["Item"]) if "Item" in response else None

    def put(self, record: ExecutionRecord, *, replacing_revision: int | None) -> bool:
        """Put the item on condition."""
        if replacing_revision is None:
            return self._put(_item(record), "attribute_not_exists(execution_id)")
        return self._put(
            _item(record), "revision = :replacing", {":replacing": {"N": str(replacing_revision)}}
        )

    def recent(self, *, status: ExecutionStatus | None, limit: int) -> tuple[ExecutionRecord, ...]:
        """The records that were updated last, newest first. Reads the whole table."""
        records = []
        with self._errors("dynamodb:Scan"):
            for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._name):
                records += [_record(item) for item in page["Items"]]
        wanted = [record for record in records if status in {None, record.status}]
        wanted.sort(key=lambda record: record.execution_id)
        wanted.sort(key=lambda record: record.updated_at, reverse=True)
        return tuple(wanted[:limit])

    def page(self, *, after: str | None, limit: int) -> Page:
        """At most so many records, in the table's own order, and at most a megabyte of them."""
        start: Any = {} if after is None else {"ExclusiveStartKey": {KEY: {"S": after}}}
        with self._errors("dynamodb:Scan"):
            answer = self._dynamodb.scan(TableName=self._name, Limit=limit, **start)
        records, unreadable = [], []
        for item in answer["Items"]:
            try:
                records.append(_record(item))
            except (ValidationError, ValueError):
                unreadable.append(item[KEY]["S"])
        last = answer.get("LastEvaluatedKey")
        return Page(tuple(records), tuple(unreadable), last[KEY]["S"] if last else None)

    def _put(self, item: Any, condition: str, values: Any = None) -> bool:
        from botocore.exceptions import ClientError

        with self._errors("dynamodb:PutItem"):
            try:
                self._dynamodb.put_item(
                    TableName=self._name,
                    Item=item,
                    ConditionExpression=condition,
                    **({"ExpressionAttributeValues": values} if values else {}),
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        from botocore.exceptions import ClientError, ParamValidationError

        place = f"DynamoDB table {self._name!r} in {self._region}"
        with aws_errors(place, action=action):
            try:
                yield
            except ClientError as error:
                code = error_code(error)
                if code == "ResourceNotFoundException":
                    raise ConfigurationError(
                        f"There is no {place}.",
                        cure="Create it, or correct TRACKING_TABLE or AWS_REGION; unset TRACKING_TABLE to "
                        "track in a local file.",
                    ) from error
                if code == "ValidationException":
                    raise ConfigurationError(
                        f"{place} can't keep executions: {error.response['Error']['Message']}.",
                        cure="TRACKING_TABLE needs the partition key execution_id, a string, alone.",
                    ) from error
                raise
            except ParamValidationError as error:
                raise ConfigurationError(
                    f"{place} is no usable name: {error}", cure="Correct TRACKING_TABLE."
                ) from error


def _item(record: ExecutionRecord) -> dict[str, dict[str, str | bool]]:
    item: dict[str, dict[str, str | bool]] = {}
    for name, value in record.model_dump(mode="json").items():
        if value is None:
            continue
        if name in _DOCUMENTS:
            item[name] = {"S": json.dumps(value, ensure_ascii=False)}
        elif isinstance(value, bool):
            item[name] = {"BOOL": value}
        elif isinstance(value, int) or name == "cost_usd":
            item[name] = {"N": str(value)}
        else:
            item[name] = {"S": value}
    return item


def _record(item: Any) -> ExecutionRecord:
    fields = {
        name: json.loads(next(iter(value.values()))) if name in _DOCUMENTS else next(iter(value.values()))
        for name, value in item.items()
    }
    return ExecutionRecord.model_validate(fields)
