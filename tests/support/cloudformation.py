"""CloudFormation templates as CloudFormation would make them of given parameters, without an account.

Conditions are decided, and functions replaced by what they give. What only AWS knows is named:
`!GetAtt Queue.Arn` is the text `Queue.Arn`, and `!Ref Queue` is `Queue`. So tests see whole ARNs, lists and
policies, where a moto server would drop half of the properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]

PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "techne",
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE = object()


class _Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
    """Reads `!Sub x` as `{"Fn::Sub": "x"}`, as CloudFormation does."""


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    if not isinstance(node, yaml.ScalarNode):
        raise TypeError(f"{node.tag} is no scalar")
    text = str(loader.construct_scalar(node))
    return {name: text.split(".", 1) if suffix == "GetAtt" else text}


_Loader.add_multi_constructor("!", _construct)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy."""

    sid: str
    effect: str
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]

    def allows(self, action: str, resource: str) -> bool:
        """Whether it is an Allow that names the two, whatever its conditions ask."""
        return (
            self.effect == "Allow"
            and any(fnmatchcase(action, pattern) for pattern in self.actions)
            and any(fnmatchcase(resource, pattern) for pattern in self.resources)
        )


class Stack:
    """A template with its parameters.

    Attributes:
        resources: Those that are made, by logical id.
        outputs: Values of the outputs.
    """

    def __init__(self, template: Path, **parameters: str) -> None:
        self.source: dict[str, Any] = yaml.load(template.read_text("utf-8"), _Loader)
        self._values: dict[str, Any] = dict(PSEUDO_PARAMETERS)
        for name, declared in self.source["Parameters"].items():
            value = str(parameters.pop(name, declared.get("Default", name)))
            is_list = declared["Type"] == "CommaDelimitedList" or declared["Type"].startswith("List<")
            self._values[name] = value.split(",") if is_list else value
        assert not parameters, f"no such parameters: {sorted(parameters)}"
        self.resources: dict[str, Any] = {
            name: self._resolved(resource)
            for name, resource in self.source["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }
        self.outputs: dict[str, str] = {
            name: self._resolved(output["Value"]) for name, output in self.source["Outputs"].items()
        }

    def of_type(self, resource_type: str) -> dict[str, Any]:
        """Properties of all resources of a type, by logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == resource_type
        }

    def properties(self, name: str) -> Any:
        """Properties of a resource."""
        return self.resources[name]["Properties"]

    def role_statements(self, role: str) -> tuple[Statement, ...]:
        """What a role may do."""
        properties = self.properties(role)
        assert "ManagedPolicyArns" not in properties, f"{role} has rights that stand elsewhere"
        return tuple(
            statement
            for policy in properties["Policies"]
            for statement in statements(policy["PolicyDocument"])
        )

    def _holds(self, name: str) -> bool:
        return bool(self._resolved(self.source["Conditions"][name]))

    def _resolved(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for item in node if (value := self._resolved(item)) is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref":
                return self._named(argument)
            if name.startswith("Fn::"):
                return self._called(name.removeprefix("Fn::"), argument)
        resolved = {key: self._resolved(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not _NO_VALUE}

    def _named(self, name: str) -> Any:
        return _NO_VALUE if name == "AWS::NoValue" else self._values.get(name, name)

    def _called(self, function: str, argument: Any) -> Any:
        match function:
            case "If":
                condition, then, otherwise = argument
                return self._resolved(then if self._holds(condition) else otherwise)
            case "Sub":
                text, values = argument if isinstance(argument, list) else (argument, {})
                own = {name: self._resolved(value) for name, value in values.items()}
                return re.sub(
                    r"\$\{([^}!]+)\}", lambda found: own.get(found[1]) or self._named(found[1]), text
                )
        values = self._resolved(argument)
        match function:
            case "GetAtt":
                return ".".join(values)
            case "Equals":
                return values[0] == values[1]
            case "Not":
                return not values[0]
            case "Join":
                return values[0].join(values[1])
            case "Split":
                return values[1].split(values[0])
        raise NotImplementedError(f"Fn::{function}")


def statements(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of a policy document, with lists where a policy may have one value alone."""
    assert document["Version"] == "2012-10-17"
    return tuple(
        Statement(
            sid=raw.get("Sid", ""),
            effect=raw["Effect"],
            principals=_principals(raw.get("Principal", ())),
            actions=_listed(raw["Action"]),
            resources=_listed(raw.get("Resource", ())),
            conditions=raw.get("Condition", {}),
        )
        for raw in document["Statement"]
    )


def _principals(principal: Any) -> tuple[str, ...]:
    if isinstance(principal, Mapping):
        return tuple(name for names in principal.values() for name in _listed(names))
    return _listed(principal)


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
