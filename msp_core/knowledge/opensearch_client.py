"""Calls to an OpenSearch server: signed, repeated when it is busy, and never half answered."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from msp_core.errors import ConfigurationError, DependencyFailed

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

Answer = dict[str, Any]
BulkAction = tuple[dict[str, Any], Answer | None]
"""What to do (`{"index": {}}`, `{"delete": {"_id": ...}}`) and the document to index."""

ROWS_PER_BULK = 200
TRIES = 6
TIMEOUT_S = 30
_BUSY = {429, 502, 503, 504}


class NoSuchIndex(Exception):
    """The index is not there."""


class Refused(ConfigurationError):
    """The server knows the caller and does not permit the call, or not yet."""


class OpenSearchClient:
    """One endpoint, for any thread; the connection is made at the first call.

    Args:
        endpoint: `https://host`, with `user:password@` for basic authentication. Hosts of Amazon
            are called with signatures (SigV4) instead.
        region: of AWS, for the signatures.
    """

    def __init__(self, endpoint: str, *, region: str) -> None:
        self._url = urlsplit(endpoint)
        self._region = region

    @property
    def host(self) -> str:
        """For messages: without user and password."""
        return self._url.hostname or ""

    @property
    def is_serverless(self) -> bool:
        """Whether it is a collection of OpenSearch Serverless."""
        return self.host.endswith(".aoss.amazonaws.com")

    def call(self, request: Callable[["OpenSearch"], Answer], *, repeated: bool = True) -> Answer:
        """The server's complete answer; a busy server is asked again, unless not `repeated`.

        Raises:
            NoSuchIndex: the index that was asked for is not there.
            ConfigurationError: the credentials are missing or wrong.
            Refused: they do not permit it.
            DependencyFailed: the server cannot be reached, is busy for too long, rejects the
                request, or answers for a part of the data only.
        """
        from opensearchpy.exceptions import ConnectionError as NoConnection
        from opensearchpy.exceptions import TransportError

        problem = ""
        for pause in _pauses() if repeated else (0.0,):
            try:
                answer = request(self._client)
            except NoConnection as error:
                problem = f"cannot be reached ({type(error).__name__})"
            except TransportError as error:
                if error.status_code not in _BUSY:
                    raise self._translated(error) from error
                problem = f"is busy (status {error.status_code})"
            else:
                return self._complete(answer)
            time.sleep(pause)
        raise DependencyFailed(f"OpenSearch at {self.host} {problem}. Try again in a moment.")

    def bulk(self, index: str, actions: Sequence[BulkAction]) -> list[str]:
        """Do all actions, repeating those that the server was too busy for; each row's `_id`.

        A row to be deleted that is not there is as good as deleted.

        Raises:
            DependencyFailed: some were not done; names the first reason.
        """
        ids = [""] * len(actions)
        for start in range(0, len(actions), ROWS_PER_BULK):
            left = list(range(start, min(start + ROWS_PER_BULK, len(actions))))
            for pause in _pauses():
                left = self._bulk_once(index, actions, left, ids)
                if not left:
                    break
                time.sleep(pause)
            else:
                raise DependencyFailed(
                    f"OpenSearch at {self.host} was too busy for {len(left)} writes, {TRIES} times."
                    " Run the command again: it goes on where it stopped."
                )
        return ids

    def _bulk_once(
        self, index: str, actions: Sequence[BulkAction], rows: Sequence[int], ids: list[str]
    ) -> list[int]:
        """Do these of the actions and put their ids; those to be repeated."""
        lines = [line for row in rows for line in actions[row] if line is not None]
        answer = self.call(lambda client: client.bulk(index=index, body=lines))
        again = []
        for row, item in zip(rows, answer["items"], strict=True):
            verb, result = next(iter(item.items()))
            status = int(result["status"])
            if status in _BUSY:
                again.append(row)
            elif status < 300 or (verb == "delete" and status == 404):
                ids[row] = result["_id"]
            else:
                raise DependencyFailed(
                    f"OpenSearch at {self.host} refused a write: {_reason(result)}."
                )
        return again

    @cached_property
    def _client(self) -> "OpenSearch":
        from opensearchpy import OpenSearch

        secure = self._url.scheme == "https"
        return OpenSearch(
            hosts=[{"host": self.host, "port": self._url.port or (443 if secure else 80)}],
            url_prefix=self._url.path.strip("/"),
            use_ssl=secure,
            http_auth=self._authentication(),
            timeout=TIMEOUT_S,
            max_retries=0,  # here, with pauses
        )

    def _authentication(self) -> Any:
        if not self.host.endswith(".amazonaws.com"):
            user, password = self._url.username, self._url.password
            return None if user is None else (unquote(user), unquote(password or ""))
        import boto3
        from opensearchpy import Urllib3AWSV4SignerAuth

        credentials = boto3.session.Session().get_credentials()
        if credentials is None:
            raise ConfigurationError(
                f"There are no AWS credentials, and OpenSearch at {self.host} needs them. Sign in "
                "(`aws sso login`) or set AWS_PROFILE."
            )
        service = "aoss" if self.is_serverless else "es"
        return Urllib3AWSV4SignerAuth(credentials, self._region, service)

    def _complete(self, answer: Answer) -> Answer:
        failed = answer.get("_shards", {}).get("failed", 0)
        if failed or answer.get("timed_out"):
            what = f"{failed} shards failed" if failed else "it ran out of time"
            raise DependencyFailed(
                f"OpenSearch at {self.host} answered for a part of the data only: {what}. Try again"
                " in a moment."
            )
        return answer

    def _translated(self, error: Any) -> Exception:
        if error.status_code == 404 and "index_not_found" in str(error.error):
            return NoSuchIndex()
        if error.status_code in {401, 403}:
            kind = Refused if error.status_code == 403 else ConfigurationError
            return kind(
                f"OpenSearch at {self.host} refuses the call (status {error.status_code}). Check "
                "the user and password in MSP_OPENSEARCH_ENDPOINT, or on AWS that the collection's "
                "data access policy names this role; a new policy takes about a minute."
            )
        return DependencyFailed(
            f"OpenSearch at {self.host} rejects the request (status {error.status_code}): "
            f"{_reason(error.info)}."
        )


def _reason(result: Any) -> str:
    error = result.get("error", result) if isinstance(result, dict) else result
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        error = causes[0].get("reason", causes[0])
    return str(error)[:300]


def _pauses() -> Iterator[float]:
    """Seconds to wait after each attempt: doubling, at random lest all come again at once."""
    return (random.uniform(0.5, 1) * 0.1 * 2**attempt for attempt in range(TRIES))
