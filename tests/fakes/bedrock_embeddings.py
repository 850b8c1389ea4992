"""Titan Text Embeddings V2 behind InvokeModel: the real wire format, vectors by words."""

import hashlib
import re

import numpy as np

from tests.fakes.aws_endpoint import Json, Refusal

MODEL = "amazon.titan-embed-text-v2:0"
MAX_TOKENS = 8192


def answer(path: str, body: Json) -> Json:
    """What the model answers; for an `AwsEndpoint`."""
    if path != f"/model/{MODEL}/invoke":
        raise Refusal("ResourceNotFoundException", f"no such model: {path}", 404)
    text, dimensions = body.pop("inputText"), body.pop("dimensions", 1024)
    normalize = body.pop("normalize", True)
    if body:
        raise Refusal(
            "ValidationException", f"extraneous key [{next(iter(body))}] is not permitted"
        )
    if not text.strip() or len(text) > 50_000:
        raise Refusal("ValidationException", "expected minLength: 1, maxLength: 50000")
    if dimensions not in {256, 512, 1024}:
        raise Refusal("ValidationException", "dimensions is not a valid value")
    words = re.findall(r"\w+|[^\w\s]", text)
    if len(words) > MAX_TOKENS:
        raise Refusal(
            "ValidationException",
            f"400 Bad Request: Too many input tokens. Max input tokens: {MAX_TOKENS}, request "
            f"input token count: {len(words)}",
        )
    vector = np.full(dimensions, 0.001)
    for word in words:
        vector[int.from_bytes(hashlib.sha256(word.lower().encode()).digest()[:4]) % dimensions] += 1
    if normalize:
        vector /= np.linalg.norm(vector)
    return {"embedding": vector.tolist(), "inputTextTokenCount": len(words)}
