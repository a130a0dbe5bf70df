"""InvokeModel for Bedrock's embedding models: Titan takes one text a call, Cohere up to 96."""

from __future__ import annotations

import json
from typing import Any

from techne.errors import RequestRejectedError
from techne.llm.model import EmbedRequest, Usage
from techne.llm.provider import ProviderVectors
from techne.llm.providers.bedrock_errors import broken_answer
from techne.llm.tokens import estimate_tokens
from techne.llm.wire import WireReply

COHERE_TEXTS_PER_CALL = 96
COHERE_INPUT_TYPE = "search_document"
"""What the texts are for; Cohere's vectors of questions would be `search_query`."""
_TOKEN_COUNT_HEADER = "x-amzn-bedrock-input-token-count"  # noqa: S105 - no secret


def batches(request: EmbedRequest, model: str) -> list[tuple[tuple[str, ...], bytes]]:
    """The calls that a request takes: the texts of each, and its body.

    Raises:
        RequestRejectedError: The model makes no vectors that we know of.
    """
    texts = request.texts
    if "amazon.titan-embed" in model:
        extra = {} if request.dimensions is None else {"dimensions": request.dimensions}
        return [((text,), json.dumps({"inputText": text, **extra}).encode()) for text in texts]
    if "cohere.embed" in model:
        groups = [
            texts[at : at + COHERE_TEXTS_PER_CALL] for at in range(0, len(texts), COHERE_TEXTS_PER_CALL)
        ]
        return [(group, _cohere(group, request.dimensions)) for group in groups]
    raise RequestRejectedError(
        f"{model} is not an embedding model of Bedrock that is known here.",
        cure="Set BEDROCK_EMBEDDING_MODEL_ID to an amazon.titan-embed or cohere.embed model.",
    )


def read_vectors(reply: WireReply, texts: tuple[str, ...]) -> ProviderVectors:
    """The vectors in a response.

    Raises:
        MalformedResponseError: It holds none, or not one for each text.
    """
    try:
        content: dict[str, Any] = json.loads(reply.body)
        if "embedding" in content:
            found, counted = [content["embedding"]], content.get("inputTextTokenCount")
        else:
            found = content["embeddings"]
            found = found["float"] if isinstance(found, dict) else found
            counted = reply.headers.get(_TOKEN_COUNT_HEADER)
        vectors = tuple(tuple(float(part) for part in vector) for vector in found)
        tokens = sum(map(estimate_tokens, texts)) if counted is None else int(counted)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken_answer(error) from error
    if len(vectors) != len(texts):
        raise broken_answer(f"{len(vectors)} vectors for {len(texts)} texts")
    return ProviderVectors(vectors, Usage(input_tokens=tokens))


def _cohere(texts: tuple[str, ...], dimensions: int | None) -> bytes:
    body: dict[str, Any] = {
        "texts": texts,
        "input_type": COHERE_INPUT_TYPE,
        "truncate": "NONE",
        "embedding_types": ["float"],
    }
    if dimensions is not None:
        body["output_dimension"] = dimensions
    return json.dumps(body).encode()
