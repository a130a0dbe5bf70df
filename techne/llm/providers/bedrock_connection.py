"""The way to Bedrock Runtime: where it is, who we are to AWS, and signed requests over one `Wire`.

botocore finds the credentials (keys, profiles, roles, SSO, containers, instances) and the endpoint
(overrides, FIPS, dual stack). What blocks in botocore never runs on the event loop: finding all
this is `connect`'s, on a thread, and credentials that run out are renewed on one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from techne.errors import LLMError
from techne.llm.providers.aws_signature import CONTENT_TYPE, RequestSigner
from techne.llm.providers.bedrock_errors import access_error, no_credentials, unreachable_cure
from techne.llm.providers.bedrock_models import foundation_model
from techne.llm.threads import on_daemon_thread
from techne.llm.wire import Wire, WireReply

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from botocore.credentials import Credentials, ReadOnlyCredentials
    from botocore.session import Session

    from techne.llm.wire import WireStream

SIGNING_NAME = "bedrock"
BEARER_TOKEN = "AWS_BEARER_TOKEN_BEDROCK"  # noqa: S105 - the name of a variable
SPARE_SECONDS = 120
"""Credentials that last this long are used while they are being renewed."""
RENEWAL_PAUSE_SECONDS = 10.0
CONTROL_TIMEOUT_SECONDS = 5

logger = logging.getLogger("techne.llm")


class BedrockConnection:
    """Signed requests to one region's Bedrock Runtime; to be used from one event loop once connected.

    Args:
        region: AWS region.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self.endpoint = ""
        self._host = ""
        self._session: Session | None = None
        self._credentials: Credentials | None = None
        self._origin = ""
        self._signer: RequestSigner | None = None
        self._bearer: str | None = None
        self._wire: Wire | None = None
        self._urls: dict[tuple[str, str], str] = {}
        self._renewal: asyncio.Task[None] | None = None
        self._renewed_at = 0.0

    def connect(self, model: str) -> None:
        """Find endpoint, certificates and credentials, on a thread; sends nothing to Bedrock.

        Args:
            model: Model that is to be asked, for the error.

        Raises:
            ProviderAccessError: There are no credentials; LLMError: they can't be got.
        """
        try:
            self._find(model)
        except LLMError:
            raise
        except Exception as error:
            raise access_error(error, model, self.region) from error

    def base_model(self, profile: str) -> str:
        """The model behind an application inference profile, on a thread; the profile if AWS won't say."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        if self._session is None:
            return profile
        config = Config(
            connect_timeout=CONTROL_TIMEOUT_SECONDS,
            read_timeout=CONTROL_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},
        )
        try:
            client: Any = self._session.create_client("bedrock", region_name=self.region, config=config)
            described = client.get_inference_profile(inferenceProfileIdentifier=profile)
            return foundation_model(described["models"][0]["modelArn"])
        except (BotoCoreError, ClientError, LookupError) as error:
            logger.warning(
                "What model %s stands for is not known (%s); it is taken for one with common limits. "
                "Allow bedrock:GetInferenceProfile to have it found out.",
                profile,
                type(error).__name__,
            )
            return profile

    async def send(self, model: str, operation: str, body: bytes) -> WireReply:
        """One request and its whole response.

        Raises:
            LLMError: Nothing answers, or credentials can't be renewed.
        """
        url = self._url(model, operation)
        return await self._open_wire().send(
            "POST", url, body=body, headers=await self._headers(url, body, model)
        )

    async def open(self, model: str, operation: str, body: bytes) -> AbstractAsyncContextManager[WireStream]:
        """One request, whose response is read as it comes inside the returned block.

        Raises:
            LLMError: As `send`.
        """
        url = self._url(model, operation)
        headers = await self._headers(url, body, model)
        return self._open_wire().open("POST", url, body=body, headers=headers)

    async def close(self) -> None:
        """Close the connections."""
        if self._renewal is not None:
            self._renewal.cancel()
        if self._wire is not None:
            await self._wire.close()

    def _find(self, model: str) -> None:
        import botocore.eventstream  # noqa: F401 - imported here, where it holds up no loop
        from botocore.session import Session

        session = Session()
        client = session.create_client("bedrock-runtime", region_name=self.region)
        self.endpoint = client.meta.endpoint_url.rstrip("/")
        self._host = _host(self.endpoint)
        self._origin = self.endpoint.removesuffix(urlsplit(self.endpoint).path)
        client.close()
        self._bearer = os.environ.get(BEARER_TOKEN) or None
        if self._bearer is None:
            credentials = session.get_credentials()
            if credentials is None:
                raise no_credentials(model)
            self._credentials = credentials
            self._signer = self._signer_of(credentials.get_frozen_credentials())
        ca_file = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
        self._wire = Wire(
            "Bedrock", cure=unreachable_cure(self.region), ca_file=ca_file or None, as_written=True
        )
        self._wire.prepare()
        self._session = session

    def _open_wire(self) -> Wire:
        assert self._wire is not None, "connect() comes first"  # noqa: S101
        return self._wire

    def _url(self, model: str, operation: str) -> str:
        url = self._urls.get((model, operation))
        if url is None:
            url = f"{self.endpoint}/model/{quote(model, safe='~')}/{operation}"
            self._urls[model, operation] = url
        return url

    async def _headers(self, url: str, body: bytes, model: str) -> dict[str, str]:
        if self._bearer is not None:
            return {"Content-Type": CONTENT_TYPE, "Authorization": f"Bearer {self._bearer}"}
        if self._runs_out(None):
            await self._renew(model)
        assert self._signer is not None  # noqa: S101 - connect() made it
        return self._signer.headers(url[len(self._origin) :], body)

    def _signer_of(self, credentials: ReadOnlyCredentials) -> RequestSigner:
        return RequestSigner(
            credentials.access_key or "",
            credentials.secret_key or "",
            credentials.token,
            region=self.region,
            service=SIGNING_NAME,
            host=self._host,
        )

    def _runs_out(self, seconds: int | None) -> bool:
        """Whether the credentials end in that time; None is when botocore would renew them."""
        needed = getattr(self._credentials, "refresh_needed", None)
        return needed is not None and bool(needed(seconds))

    async def _renew(self, model: str) -> None:
        """Have the credentials renewed; waits for it only if the ones at hand are about to end."""
        last = self._runs_out(SPARE_SECONDS)
        if self._renewal is None and (last or time.monotonic() - self._renewed_at > RENEWAL_PAUSE_SECONDS):
            self._renewal = asyncio.create_task(self._freeze_anew(model))
            self._renewal.add_done_callback(self._end_renewal)
        if last and self._renewal is not None:
            await asyncio.shield(self._renewal)

    async def _freeze_anew(self, model: str) -> None:
        credentials = self._credentials
        assert credentials is not None  # noqa: S101
        try:
            frozen = await on_daemon_thread(credentials.get_frozen_credentials, name="techne-aws-credentials")
        except Exception as error:
            raise access_error(error, model, self.region) from error
        self._signer = self._signer_of(frozen)

    def _end_renewal(self, task: asyncio.Task[None]) -> None:
        self._renewal = None
        self._renewed_at = time.monotonic()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("AWS credentials could not be renewed: %s", error)


def _host(endpoint: str) -> str:
    """The Host header of an address, as HTTP clients write it: without the scheme's own port."""
    parts = urlsplit(endpoint)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    return host if parts.port in {None, standard} else f"{host}:{parts.port}"
