"""The first build step of prefect.yaml: what of a deployment depends on where it is deployed to.

Prefect puts variables of the environment into prefect.yaml by itself, but with neither defaults nor types:
one that is not set becomes an empty text. So they are read and checked here, and prefect.yaml refers to the
step's outputs. Not so `TECHNE_WORK_POOL`, which Prefect needs before any step, and `DOCX_TEMPLATE`, which may
be empty.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from deployments.bootstrap_documents import RESULTS_NAME, RESULTS_TYPE
from techne.errors import ConfigurationError

PREFIX = "TECHNE_"


class DeployEnvironment(BaseModel):
    """What the environment's TECHNE_ variables say of where to deploy to."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    environment: Literal["dev", "prod"] = Field("dev", description="In dev, schedules are inactive.")
    root: str = Field(
        "/opt/techne",
        min_length=1,
        description="The code's folder where runs are: in the image, or a worker's.",
    )
    inbox: str = Field(
        "inbox",
        min_length=1,
        max_length=4096,
        description="Folder of transcripts that docgen-inbox looks through: s3://bucket/prefix, or a path.",
    )
    results_block: str = Field(
        f"{RESULTS_TYPE}/{RESULTS_NAME}",
        pattern=r"^([a-z0-9-]+/[a-z0-9-]+)?$",
        description="Block in which runs keep their results; empty for files beside each run.",
    )

    @model_validator(mode="after")
    def _prod_names_its_inbox(self) -> Self:
        if self.environment == "prod" and "inbox" not in self.model_fields_set:
            raise ValueError("in prod, TECHNE_INBOX must name the folder that is looked through every hour")
        return self

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        """Read the variables.

        Raises:
            ConfigurationError: A variable has a value that it can't have, or is missing in prod.
        """
        names = {name: f"{PREFIX}{name.upper()}" for name in cls.model_fields}
        try:
            return cls.model_validate(
                {name: variables[variable] for name, variable in names.items() if variable in variables}
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = names.get(str(next(iter(first["loc"]), "")), "The environment")
            raise ConfigurationError(f"{where}: {first['msg']}.", cure="Set it and deploy again.") from None


def describe_environment() -> dict[str, JsonValue]:
    """The step's outputs, to which prefect.yaml refers by `{{ environment.NAME }}`.

    Raises:
        ConfigurationError: A variable has a value that it can't have, or is missing in prod.
    """
    told = DeployEnvironment.of(os.environ)
    return {
        "name": told.environment,
        "version": version("techne"),
        "root": told.root,
        "schedules_active": told.environment == "prod",
        "inbox": told.inbox,
        "results_block": told.results_block or None,
    }
