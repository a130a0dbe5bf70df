"""The typed errors that callers may catch, and what each means to whoever called.

Every error says what was wrong, where, and what to do about it, in one sentence. `InputError` and its
kinds are the caller's to mend (status 400, exit code 2); everything else is ours, or a provider's
(status 500, exit code 1).
"""

from __future__ import annotations

from typing import ClassVar


class TechneError(Exception):
    """Base of every error that techne raises on purpose.

    Args:
        message: What was wrong and where, one sentence without a final full stop being required.
        cure: What to do about it; appended to the message.
    """

    status_code: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, cure: str | None = None) -> None:
        self.message = message
        self.cure = cure
        super().__init__(f"{message} {cure}" if cure else message)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by attributes: errors cross Prefect's process boundaries."""
        return (_rebuild, (type(self), self.message, self.cure))


def _rebuild(kind: type[TechneError], message: str, cure: str | None) -> TechneError:
    error = kind.__new__(kind)
    TechneError.__init__(error, message, cure=cure)
    return error


class InputError(TechneError):
    """The request, or what it points to, can't be worked on as it is."""

    status_code = 400
    exit_code = 2


class UnsafeURIError(InputError):
    """A URI with a scheme, bucket or path that is not allowed."""


class ObjectNotFoundError(InputError):
    """A URI that names no object, or no bucket."""


class ObjectTooLargeError(InputError):
    """An object over the size limit; found before it is read."""


class TranscriptError(InputError):
    """A file that is not a transcript we can read: not JSON, another JSON, an unknown shape."""


class TranscriptNotReadyError(TranscriptError):
    """A transcription job whose status is not COMPLETED."""


class EmptyTranscriptError(TranscriptError):
    """A transcript in which nobody says anything, or nothing technical is left after cleaning."""


class DatasetError(InputError):
    """A dataset, or a file of labels or gold, that can't be used: the message names file, row and column."""


class TemplateError(InputError):
    """A DOCX template that can't be used."""


class LabelSetError(InputError):
    """A label set that can't be used, or an answer outside of it."""


class ConsensusError(InputError):
    """Votes or gold from which a consensus can't be made, or a method that isn't installed."""


class ExecutionConflictError(InputError):
    """An execution id that was used before with another input."""


class LeaseHeldError(InputError):
    """Another worker holds the lease of this execution id; the message says who, and until when."""


class ConfigurationError(TechneError):
    """Settings, credentials or resources that the deployment lacks."""


class AccessDeniedError(ConfigurationError):
    """Storage or tracking refused our credentials, or there are none."""


class ServiceUnavailableError(ConfigurationError):
    """Storage or tracking could not be reached, or answered 5xx, after retries; it may work later."""


class OutputError(TechneError):
    """A document that could not be written, or that did not read back as it was written."""


class LeaseLostError(TechneError):
    """Another worker took over this execution id; what this one was doing must not be published."""


class ProcessingError(TechneError):
    """A stage failed; the message names the stage and its cause."""


class LLMError(TechneError):
    """Base of what the LLM executor raises.

    `retryable` says whether the same request can succeed later.
    """

    retryable: ClassVar[bool] = False


class ThrottledError(LLMError):
    """The provider asked us to slow down. `retry_after_seconds` is its own word, if it gave one."""

    retryable = True
    retry_after_seconds: float | None = None


class ProviderUnavailableError(LLMError):
    """The provider could not be reached, reset the connection, or answered 5xx."""

    retryable = True
    retry_after_seconds: float | None = None


class ProviderTimeoutError(LLMError):
    """No answer within the per-call time-out."""

    retryable = True


class MalformedResponseError(LLMError):
    """An answer that is not of the provider's own protocol: broken JSON, a cut-off body."""

    retryable = True


class OutputValidationError(LLMError):
    """An answer that does not match the JSON schema, after repair and after asking again."""


class ModelNotFoundError(LLMError, ConfigurationError):
    """The provider does not know the model, or does not serve it to us."""


class ProviderAccessError(LLMError, ConfigurationError):
    """No credentials for the provider, or credentials it refuses."""


class RequestRejectedError(LLMError):
    """The provider refused the request as it is; the same request would be refused again."""


class RequestTooLargeError(LLMError):
    """A request that exceeds the model's context or a limit's whole bucket; it could never be served."""


class QueueFullError(LLMError):
    """The provider's queue is full; nothing was sent (S4-13)."""


class BudgetExceededError(LLMError):
    """A call that could pass the cost budget; it was not sent."""
