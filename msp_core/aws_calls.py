"""Clients of AWS services, and their failures in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msp_core.errors import ConfigurationError, DependencyFailed

_FORBIDDEN = {"AccessDenied", "AccessDeniedException", "403"}
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def make_client(service: str, *, region: str, connections: int = 10) -> Any:
    """A client that repeats throttled and failed calls, six attempts in all, with back-off."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": 6},
        connect_timeout=3,
        read_timeout=30,
        max_pool_connections=connections,
    )
    return boto3.session.Session().client(service, region_name=region, config=config)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what botocore raises into our errors; `what` is the thing called, for a person.

    Raises:
        ConfigurationError: credentials are missing, outdated, or do not permit it.
        DependencyFailed: anything else that the service or the way to it does wrong.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        CredentialRetrievalError,
        NoCredentialsError,
        PartialCredentialsError,
    )

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise ConfigurationError(
            f"{what} needs AWS credentials, and there are none ({error}). Sign in (`aws sso login`)"
            " or set AWS_PROFILE."
        ) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _FORBIDDEN:
            raise ConfigurationError(
                f"{what}: AWS does not permit the call ({error}). Give this role the permission "
                "that is named."
            ) from error
        if code in _BAD_CREDENTIALS:
            raise ConfigurationError(
                f"{what}: AWS does not accept the credentials ({code}). Sign in again."
            ) from error
        raise DependencyFailed(f"{what} failed: {error}. Try again in a moment.") from error
    except BotoCoreError as error:
        raise DependencyFailed(
            f"{what} cannot be reached ({error}). Check AWS_REGION and the network, and try again."
        ) from error


def is_code(error: BaseException | None, *codes: str) -> bool:
    """Whether it is an answer of AWS with one of these codes."""
    response = getattr(error, "response", None)
    return isinstance(response, dict) and response.get("Error", {}).get("Code") in codes
