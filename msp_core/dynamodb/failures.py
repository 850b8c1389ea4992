"""What can go wrong with DynamoDB, in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from msp_core.dynamodb.item import too_big
from msp_core.errors import ConfigurationError, DependencyFailed

_NOT_SET_UP = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}


class ConditionFailed(Exception):  # caught by the stores, which say what it means
    """A write's condition did not hold; nothing was written."""


@contextmanager
def explained(table: str, region: str) -> Iterator[None]:
    """Turn the SDK's errors into ours; `ConditionFailed` passes through."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except NoCredentialsError as error:
        raise ConfigurationError(
            "There are no AWS credentials. Sign in (`aws sso login`) or set AWS_PROFILE."
        ) from error
    except ClientError as error:
        code, text = (error.response["Error"].get(name, "") for name in ("Code", "Message"))
        if code == "ResourceNotFoundException":
            raise ConfigurationError(
                f"There is no DynamoDB table {table} in {region}. Check "
                "TICKETS_TABLE_NAME, SESSIONS_TABLE_NAME and AWS_REGION, or provision it."
            ) from error
        if code in _NOT_SET_UP:
            raise ConfigurationError(
                f"AWS refused the access to the table {table} ({code}). Sign in again, or "
                "check the role's permissions."
            ) from error
        if code == "ValidationException" and "size" in text.lower():
            raise too_big() from error
        raise DependencyFailed(
            f"DynamoDB refused a request to the table {table} ({code}: {text}). Try again."
        ) from error
    except BotoCoreError as error:
        raise DependencyFailed(
            f"DynamoDB did not answer for the table {table} ({error}). Check the network "
            "and AWS_ENDPOINT_URL_DYNAMODB, and try again."
        ) from error
