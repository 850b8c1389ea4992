"""Tokens: which ones count, and those that this machine makes for itself."""

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msp_core.clock import Clock
from msp_core.errors import ConfigurationError, NotAuthenticated
from msp_core.scope import Scope

SKEW = timedelta(seconds=60)
"""How far the clock of who makes tokens may be ahead of ours."""
MAX_TOKEN = 4096
_KEY_BYTES = 32
_ALGORITHM = "HS256"


@dataclass(frozen=True)
class TokenRules:
    """Whose tokens count: those of one issuer, made for one audience (a Cognito app client)."""

    issuer: str
    audience: str

    def check(self, claims: Mapping[str, object], now: datetime) -> None:
        """Pass when claims with a sound signature count now.

        API Gateway hands every claim on as text.

        Raises:
            NotAuthenticated: another issuer or audience, not an ID token, expired, or from the
                future (beyond `SKEW`).
        """
        for name, wanted in (
            ("iss", self.issuer),
            ("aud", self.audience),
            # Cognito's access tokens carry neither role nor customers.
            ("token_use", "id"),
        ):
            if claims.get(name) != wanted:
                raise NotAuthenticated(
                    f"The token's claim {name} is not {wanted!r}. Send the ID token of this desk's "
                    "sign-in."
                )
        if not now.timestamp() < _seconds(claims, "exp"):  # NaN has expired too
            raise NotAuthenticated("The token has expired. Sign in again.")
        for name in ("iat", "nbf"):
            if name in claims and _seconds(claims, name) > (now + SKEW).timestamp():
                raise NotAuthenticated(
                    f"The token's claim {name} lies in the future. Set the clock of this machine."
                )


LOCAL_RULES = TokenRules("msp-local", "msp-ticket-api")
"""Only tokens of this machine, and only as long as nothing here is on AWS."""


def local_claims(scope: Scope, now: datetime, *, lifetime: timedelta) -> dict[str, Any]:
    """The claims of a local token for this actor, role and customers."""
    return {
        "iss": LOCAL_RULES.issuer,
        "aud": LOCAL_RULES.audience,
        "token_use": "id",
        "sub": scope.actor_id,
        "custom:role": scope.role.value,
        "custom:customers": ",".join(sorted(scope.customer_ids)),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }


class LocalTokens:
    """Makes and checks tokens with a key that only the owner of the state folder can read.

    Args:
        key_file: 32 random bytes, made at first use with mode 0600.
    """

    def __init__(self, key_file: Path, clock: Clock) -> None:
        self._key_file = key_file
        self._clock = clock

    def prepare(self) -> None:
        """Make the key, or check the one that is there.

        Raises:
            ConfigurationError: it cannot be made or read, or others may read it.
        """
        self._key()

    def issue(self, scope: Scope, *, lifetime: timedelta) -> str:
        """A token for this actor, role and customers."""
        import jwt

        claims = local_claims(scope, self._clock(), lifetime=lifetime)
        return jwt.encode(claims, self._key(), algorithm=_ALGORITHM)

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that counts now.

        Raises:
            NotAuthenticated: forged, unsigned, of another algorithm, malformed; see `TokenRules`.
        """
        import jwt

        unreadable = NotAuthenticated(
            "The token is forged or damaged. Make one with `msp token`, or sign in again."
        )
        if len(token) > MAX_TOKEN:
            raise unreadable
        try:
            # Times and names are checked below, by the clock and the rules that count on AWS too.
            unchecked = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "sub")}
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(),
                algorithms=[_ALGORITHM],
                options=unchecked,  # type: ignore[arg-type]  # made from names of its options
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise unreadable from error
        LOCAL_RULES.check(claims, self._clock())
        return claims

    def _key(self) -> bytes:
        try:
            if not self._key_file.exists():
                self._make_key()
            mode = stat.S_IMODE(self._key_file.stat().st_mode)
            key = self._key_file.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"The key of local tokens {self._key_file} cannot be read or made "
                f"({error.strerror}). Mend the permissions of its folder."
            ) from error
        if mode & 0o077:
            raise ConfigurationError(
                f"Others on this machine may read {self._key_file} (mode {mode:04o}). Delete it: "
                "a new one is made, and older tokens end."
            )
        if len(key) != _KEY_BYTES:
            raise ConfigurationError(
                f"{self._key_file} is not a key of {_KEY_BYTES} bytes. Delete it: a new one is "
                "made, and older tokens end."
            )
        return key

    def _make_key(self) -> None:
        """Of processes that make it at once, the first one's key stays."""
        self._key_file.parent.mkdir(parents=True, exist_ok=True)
        own = self._key_file.with_name(f"{self._key_file.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            os.link(own, self._key_file)
        except FileExistsError:
            return
        finally:
            own.unlink(missing_ok=True)


def _seconds(claims: Mapping[str, object], name: str) -> float:
    try:
        return float(str(claims[name]))
    except (KeyError, ValueError) as error:
        raise NotAuthenticated(f"The token's claim {name} is no time. Sign in again.") from error
