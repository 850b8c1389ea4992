"""Rules of the sources as one object in S3, beside the statistics."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from msp_core.aws_calls import explained, is_code
from msp_core.errors import Conflict, CorruptData
from msp_core.knowledge.sources.file_document import Defaults
from msp_core.knowledge.sources.rules import SourceRule

KEY = "knowledge/sources.json"
_MISSING = ("NoSuchKey", "404")
_OTHER_WROTE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_RULES = TypeAdapter(dict[str, Defaults])


class S3SourceRules:
    """A `SourceRules` in one object; a write that another one overtook is refused, not repeated.

    Args:
        client: of boto3, for `s3`.
        bucket: the artifacts bucket.

    Raises (from every method):
        ConfigurationError: AWS does not permit the call.
        CorruptData: the object is damaged.
        DependencyFailed: S3 does not answer, or there is no such bucket.
    """

    def __init__(self, client: Any, *, bucket: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": KEY}
        self._what = f"The rules of the sources in s3://{bucket}/{KEY}"

    def all(self) -> dict[str, Defaults]:
        """See `SourceRules.all`."""
        return self._read()[0]

    def fix(self, rule: SourceRule) -> None:
        """See `SourceRules.fix`.

        Raises:
            Conflict: another process wrote at the same moment.
        """
        held, etag = self._read()
        rules = {name: own for name, own in held.items() if not name.startswith(rule.id_prefix)}
        content = _RULES.dump_json({**rules, rule.id_prefix: rule.defaults}, indent=1)
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        with explained(self._what):
            try:
                self._client.put_object(**self._where, Body=content, **condition)
            except Exception as error:
                if is_code(error, *_OTHER_WROTE, *_MISSING):
                    raise Conflict(
                        f"{self._what} were changed by another process. Run the command again."
                    ) from error
                raise

    def _read(self) -> tuple[dict[str, Defaults], str | None]:
        """What is fixed, and the version of the object; None without one."""
        with explained(self._what):
            try:
                answer = self._client.get_object(**self._where)
                content = answer["Body"].read()
            except Exception as error:
                if is_code(error, *_MISSING):
                    return {}, None
                raise
        try:
            return _RULES.validate_json(content), answer["ETag"]
        except ValidationError as error:
            raise CorruptData(
                f"{self._what} are damaged. Restore the version before in the bucket, or delete "
                "the object and run `msp ingest --from` again for each source."
            ) from error
