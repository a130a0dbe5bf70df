"""Loopback servers that speak the providers' real wire protocols to the real client libraries.

    from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply
    from tests.loopback.bedrock import BedrockServer
    from tests.loopback.ollama import OllamaServer    # and .openai, .gemini

    def answer(request: RecordedRequest) -> Reply:
        return Reply("## Section") if request.json_schema is None else Reply('{"items": []}')

    with BedrockServer(answer, latency_seconds=0.05, faults=FaultPlan(probability=0.2, seed=7)) as server:
        monkeypatch.setenv(...) for each of server.environment().items()
        ...
        server.requests                 # list[RecordedRequest], in order of arrival
        server.max_in_flight            # most requests open at one moment, as the server saw it
        server.outcomes                 # Counter of fault kinds and "ok"
        server.wait_for(arrived=3)      # blocks until three calls have come in (or `ended=3`: are over)

A server is a context manager (or `start()` / `close()`), listens on a free port of 127.0.0.1 from its
construction on, and answers each request on a thread of its own.

`environment()` is what a process needs to find the server: `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`,
`AWS_ENDPOINT_URL_BEDROCK`, `AWS_REGION` and test credentials; or `OLLAMA_HOST`.

`RecordedRequest`: `number` (0, 1, ...), `operation` ("converse", "converse-stream", "chat"), `model`,
`body` (the JSON as sent), `system`, `prompt` (the last user turn's text), `messages` (pairs of role and
text), `json_schema` (from native structured output, tool use or Ollama's `format`; None if free text),
`schema_by` ("native", "tool" or None), `max_tokens`, `started` and `ended` (`time.monotonic()`; `ended`
is None while open), `outcome` ("ok" or the fault's kind).

`Reply(text, input_tokens=None, output_tokens=None, finish="stop", cache_read_tokens=0)`: tokens default
to a quarter of the characters; `finish` is "stop", "length" or "content_filter". For a request with tool
use, `text` is the JSON of the tool's input. Without a responder a server answers a schema with a minimal
instance of it and anything else with a short paragraph. What a responder raises looks to the client like a
lost connection; leaving the server's `with` block raises it again.

`FaultPlan(sequence=[Fault("throttle", retry_after=1), None, "reset"])` breaks exactly these requests, in
order of arrival; `FaultPlan(probability=.2, seed=7, kinds=..., stall_seconds=60)` breaks that share
of requests, the same ones for the same seed.
Kinds: throttle, internal_error, unavailable, timeout, reset, broken_json, truncated_body, max_tokens, and
for errors that no retry mends: access_denied, unknown_model, inference_profile, too_long, schema.

Separate process: `python -m tests.loopback.bedrock --port 8901 --latency 1 --faults 0.2 --seed 7
--responder package.module:function --log requests.jsonl` (and the same for `tests.loopback.ollama`); it
prints one line of JSON, its environment, when it is ready, and runs until it is killed.
"""

from tests.loopback.exchange import RecordedRequest, Reply, Responder, default_responder
from tests.loopback.faults import Fault, FaultKind, FaultPlan

__all__ = [
    "Fault",
    "FaultKind",
    "FaultPlan",
    "RecordedRequest",
    "Reply",
    "Responder",
    "default_responder",
]
