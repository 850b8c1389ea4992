"""S3 Vectors on this machine: exact, strict about the service's limits, filters honoured."""

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.fakes.aws_endpoint import Json, Refusal, check, service_model

MODEL = service_model("s3vectors")
PAGE = 100
TOKENIZERS = {"en": "porter unicode61"}
MAX_LABEL_BYTES, MAX_METADATA_BYTES, MAX_KEYS = 2048, 40 * 1024, 50
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, given: value == given,
    "$ne": lambda value, given: value != given,
    "$in": lambda value, given: value in given,
    "$nin": lambda value, given: value not in given,
}


@dataclass
class VectorIndex:
    """What CreateIndex was given, and the vectors by key.

    Attributes:
        building: so many times GetIndex says that texts are not searchable yet.
    """

    settings: Json
    mode: str
    building: int = 0
    vectors: dict[str, Json] = field(default_factory=dict)

    @property
    def unfiltered(self) -> list[str]:
        configuration = self.settings.get("metadataConfiguration", {})
        keys: list[str] = configuration.get("nonFilterableMetadataKeys", [])
        return keys

    @property
    def searchable(self) -> dict[str, str]:
        """The tokenizer of each key whose text is searched."""
        configuration = self.settings.get("metadataConfiguration", {})
        rows = configuration.get("textSearchConfigurations", [])
        return {
            row["metadataKey"]: TOKENIZERS.get(row.get("language", ""), "unicode61") for row in rows
        }

    def visible(self, condition: Json | None) -> Iterator[tuple[str, Json]]:
        """The vectors that a filter lets through, by key."""
        for key, vector in self.vectors.items():
            metadata = vector.get("metadata", {})
            labels = {name: row for name, row in metadata.items() if name not in self.unfiltered}
            if condition is None or _holds(condition, labels):
                yield key, vector

    def nearest(self, asked: "np.ndarray[Any, Any]", condition: Json | None) -> list[Json]:
        found = []
        for key, vector in self.visible(condition):
            stored = np.array(vector["data"]["float32"], dtype=np.float32)
            cosine = float(asked @ stored / np.linalg.norm(asked) / np.linalg.norm(stored))
            found.append({"key": key, "distance": 1 - cosine})
        return sorted(found, key=lambda row: float(row["distance"]))

    def matching(self, text: str, name: str, condition: Json | None) -> list[Json]:
        """By BM25 over all vectors; any of the words may match."""
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        visible = [key for key, _ in self.visible(condition)]
        if not words:
            return []
        with closing(sqlite3.connect(":memory:")) as texts:
            texts.execute(
                "CREATE VIRTUAL TABLE texts USING fts5"
                f"(key UNINDEXED, text, tokenize='{self.searchable[name]}')"
            )
            texts.executemany(
                "INSERT INTO texts VALUES (?, ?)",
                [
                    (key, vector["metadata"][name])
                    for key, vector in self.vectors.items()
                    if name in vector.get("metadata", {})
                ],
            )
            found = texts.execute(
                "SELECT key, -rank FROM texts WHERE texts MATCH ? AND key IN "
                "(SELECT value FROM json_each(?)) ORDER BY rank",
                (words, json.dumps(visible)),
            ).fetchall()
        return [
            {
                "key": key,
                "scores": {
                    "bm25Scores": [{"metadataKey": name, "score": float(np.float32(score))}]
                },
            }
            for key, score in found
        ]


class S3Vectors:
    """The service with one bucket; `answer` is for an `AwsEndpoint`.

    Args:
        bucket: its name.
        mode: of indexes that are made in it.
        page: at most so many results of a query or a list come at once.
        building: of indexes that are made in it (see `VectorIndex`).
    """

    def __init__(
        self,
        bucket: str = "vectors",
        *,
        mode: str = "ENHANCED",
        page: int = PAGE,
        building: int = 0,
    ) -> None:
        self.bucket = bucket
        self.mode = mode
        self.page = page
        self.building = building
        self.indexes: dict[str, VectorIndex] = {}
        self._lock = threading.Lock()

    def answer(self, path: str, body: Json) -> Json:
        operation = path.strip("/")
        if operation not in MODEL.operation_names:
            raise Refusal("UnknownOperationException", f"no such operation: {operation}", 404)
        check(MODEL.operation_model(operation).input_shape, body, operation)
        handlers: dict[str, Callable[[Json], Json]] = {
            "CreateIndex": self._create,
            "GetIndex": self._describe,
            "UpdateIndexMode": self._update_mode,
            "DeleteIndex": self._drop,
            "PutVectors": self._put,
            "GetVectors": self._get,
            "DeleteVectors": self._delete,
            "ListVectors": self._list,
            "QueryVectors": self._query,
        }
        with self._lock:
            if body["vectorBucketName"] != self.bucket:
                raise Refusal(
                    "NotFoundException", "The specified vector bucket could not be found", 404
                )
            return handlers[operation](body)

    def _create(self, body: Json) -> Json:
        if body["indexName"] in self.indexes:
            raise Refusal(
                "ConflictException", "An index with the specified name already exists", 409
            )
        index = VectorIndex(body, self.mode, building=self.building)
        for row in body.get("metadataConfiguration", {}).get("textSearchConfigurations", []):
            if "status" in row:
                raise Refusal("ValidationException", "status cannot be set")
        self.indexes[body["indexName"]] = index
        return {"indexArn": f"arn:aws:s3vectors:::{body['indexName']}"}

    def _describe(self, body: Json) -> Json:
        index = self._index(body)
        kept = ("dataType", "dimension", "distanceMetric", "metadataConfiguration")
        described = {name: index.settings[name] for name in kept if name in index.settings}
        described = json.loads(json.dumps(described))
        configured = described.get("metadataConfiguration", {}).get("textSearchConfigurations", [])
        for row in configured:
            row["status"] = "BUILDING" if index.building else "ACTIVE"
        index.building = max(index.building - 1, 0)
        where = {name: body[name] for name in ("vectorBucketName", "indexName")}
        arn = f"arn:aws:s3vectors:::{body['indexName']}"
        made = {"indexArn": arn, "creationTime": 1_800_000_000, "indexMode": index.mode}
        return {"index": described | where | made}

    def _update_mode(self, body: Json) -> Json:
        self._index(body).mode = body["indexMode"]
        return {}

    def _drop(self, body: Json) -> Json:
        self._index(body)
        del self.indexes[body["indexName"]]
        return {}

    def _put(self, body: Json) -> Json:
        index = self._index(body)
        for vector in body["vectors"]:
            self._check_vector(index, vector)
        for vector in body["vectors"]:
            index.vectors[vector["key"]] = vector
        return {}

    def _get(self, body: Json) -> Json:
        index = self._index(body)
        keys = dict.fromkeys(body["keys"])
        found = [index.vectors[key] for key in keys if key in index.vectors]
        return {"vectors": [_shown(vector, body) for vector in found]}

    def _delete(self, body: Json) -> Json:
        index = self._index(body)
        for key in body["keys"]:
            index.vectors.pop(key, None)
        return {}

    def _list(self, body: Json) -> Json:
        vectors = list(self._index(body).vectors.values())
        page = min(self.page, body.get("maxResults", 500))
        return self._paged([_shown(vector, body) for vector in vectors], body, page)

    def _query(self, body: Json) -> Json:
        index = self._index(body)
        mode = body.get("queryMode", index.mode)
        if mode == "CLASSIC" and index.mode == "ENHANCED":
            raise Refusal("ValidationException", "CLASSIC is not valid for an ENHANCED index")
        if mode == "CLASSIC" and body["topK"] > 100:
            raise Refusal("ValidationException", "topK must be at most 100")
        condition = body.get("filter")
        if condition is not None:
            _check_filter(condition, index.unfiltered)
        if "queryTexts" in body:
            found = self._match(index, body, condition)
        elif "queryVector" in body:
            asked = _usable(body["queryVector"], index.settings["dimension"])
            found = index.nearest(asked, condition)
        else:
            raise Refusal("ValidationException", "queryVector, queryTexts, or both must be given")
        if not body.get("returnDistance"):
            found = [{name: row[name] for name in row if name != "distance"} for row in found]
        answer = self._paged(found[: body["topK"]], body, self.page)
        return {**answer, "distanceMetric": index.settings["distanceMetric"]}

    def _match(self, index: VectorIndex, body: Json, condition: Json | None) -> list[Json]:
        if "queryVector" in body or len(body["queryTexts"]) > 1:
            raise Refusal("ValidationException", "this stand-in searches one text alone")
        if index.mode != "ENHANCED":
            raise Refusal("ValidationException", "full-text search needs an ENHANCED index")
        (asked,) = body["queryTexts"]
        if asked["metadataKey"] not in index.searchable:
            raise Refusal("ValidationException", f"{asked['metadataKey']} is not searchable")
        if index.building:
            raise Refusal("ValidationException", f"{asked['metadataKey']} is not searchable yet")
        found = index.matching(asked["text"], asked["metadataKey"], condition)
        return found if body.get("returnScores") else [{"key": row["key"]} for row in found]

    def _paged(self, rows: list[Json], body: Json, page: int) -> Json:
        start = int(body.get("nextToken", 0))
        answer: Json = {"vectors": rows[start : start + page]}
        if len(rows) > start + page:
            answer["nextToken"] = str(start + page)
        return answer

    def _index(self, body: Json) -> VectorIndex:
        if body["indexName"] not in self.indexes:
            raise Refusal("NotFoundException", "The specified index could not be found", 404)
        return self.indexes[body["indexName"]]

    def _check_vector(self, index: VectorIndex, vector: Json) -> None:
        _usable(vector["data"], index.settings["dimension"])
        metadata = vector.get("metadata", {})
        if len(metadata) > MAX_KEYS:
            raise Refusal("ValidationException", "too many metadata keys")
        for value in metadata.values():
            if not isinstance(value, str | int | float | bool | list):
                raise Refusal("ValidationException", "metadata holds a value of another type")
        labels = {name: row for name, row in metadata.items() if name not in index.unfiltered}
        for content, limit in ((labels, MAX_LABEL_BYTES), (metadata, MAX_METADATA_BYTES)):
            if len(json.dumps(content, ensure_ascii=False).encode()) > limit:
                raise Refusal("ValidationException", f"metadata is larger than {limit} bytes")


def _usable(data: Json, dimension: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
    vector = np.array(data["float32"], dtype=np.float32)
    if vector.shape != (dimension,):
        raise Refusal("ValidationException", f"the vector must have {dimension} dimensions")
    if not np.isfinite(vector).all() or not vector.any():
        raise Refusal("ValidationException", "the vector must be finite and not zero")
    return vector


def _check_filter(condition: Json, unfiltered: list[str]) -> None:
    if not isinstance(condition, dict) or not condition:
        raise Refusal("ValidationException", "a filter must be an object that is not empty")
    for name, rule in condition.items():
        if name in {"$and", "$or"}:
            if not isinstance(rule, list) or not rule:
                raise Refusal("ValidationException", f"{name} must be a list that is not empty")
            for part in rule:
                _check_filter(part, unfiltered)
        elif name in unfiltered:
            raise Refusal("ValidationException", f"the key {name} is not filterable")
        elif isinstance(rule, dict):
            for operator, given in rule.items():
                if operator not in COMPARISONS:
                    raise Refusal("ValidationException", f"unknown operator {operator}")
                if operator in {"$in", "$nin"} and not (isinstance(given, list) and given):
                    raise Refusal("ValidationException", f"{operator} must be a list, not empty")


def _holds(condition: Json, labels: Json) -> bool:
    for name, rule in condition.items():
        if name == "$and":
            holds = all(_holds(part, labels) for part in rule)
        elif name == "$or":
            holds = any(_holds(part, labels) for part in rule)
        elif not isinstance(rule, dict):
            holds = labels.get(name) == rule
        else:
            holds = name in labels and all(
                COMPARISONS[operator](labels[name], given) for operator, given in rule.items()
            )
        if not holds:
            return False
    return True


def _shown(vector: Json, body: Json) -> Json:
    shown = {"key": vector["key"]}
    if body.get("returnData"):
        shown["data"] = vector["data"]
    if body.get("returnMetadata"):
        shown["metadata"] = vector.get("metadata", {})
    return shown
