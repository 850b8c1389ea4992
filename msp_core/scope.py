"""Who asks, and for which customers. Made at the door (token, command line), never by a model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from msp_core.errors import NotAllowed, NotAuthenticated, NotFound, UsageError

ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,63}")
"""The id of a person."""
SLUG = re.compile(r"[a-z0-9-]{1,32}")
"""The id of a customer or team."""


class Role(StrEnum):
    """What kind of person asks."""

    CUSTOMER = "customer"
    TECHNICIAN = "technician"
    MANAGER = "manager"


class Permission(StrEnum):
    """One thing that a role may or may not do; `GRANTS` is the only list of who may what."""

    CREATE_TICKET = "create tickets"
    REOPEN_TICKET = "reopen tickets"
    UPDATE_TICKET = "change tickets"
    ASSIGN_TICKET = "assign tickets"
    DELETE_TICKET = "delete tickets"
    ADD_PUBLIC_NOTE = "add public notes"
    ADD_INTERNAL_NOTE = "add internal notes"
    READ_INTERNAL = "read internal notes and articles"
    ERASE_CUSTOMER = "erase what is kept of a customer"
    READ_AUDIT = "read the audit log"
    SEE_BUDGETS = "see and set budgets"


_CUSTOMER = {Permission.CREATE_TICKET, Permission.REOPEN_TICKET, Permission.ADD_PUBLIC_NOTE}
_MANAGER_ALONE = {
    Permission.DELETE_TICKET,
    Permission.ERASE_CUSTOMER,
    Permission.READ_AUDIT,
    Permission.SEE_BUDGETS,
}
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.CUSTOMER: frozenset(_CUSTOMER),
    Role.TECHNICIAN: frozenset(set(Permission) - _MANAGER_ALONE),
    Role.MANAGER: frozenset(Permission),
}


@dataclass(frozen=True)
class Scope:
    """The identity under which every store, index and tool is called.

    Attributes:
        actor_id: who asks; becomes author and actor of what is written.
        role: decides what is permitted (`GRANTS`).
        customer_ids: every customer this actor may see.
        active_customer: the one customer of this conversation; None is the desk-wide view over
            all of `customer_ids`.
    """

    actor_id: str
    role: Role
    customer_ids: frozenset[str]
    active_customer: str | None = None

    def __post_init__(self) -> None:
        if self.active_customer is not None and self.active_customer not in self.customer_ids:
            raise NotFound(
                f"Unknown customer {self.active_customer!r}. You can work for: "
                f"{', '.join(sorted(self.customer_ids)) or 'none'}."
            )

    @property
    def visible_customers(self) -> frozenset[str]:
        """The customers whose data this scope reads: the active one, or all of the actor's."""
        if self.active_customer is not None:
            return frozenset({self.active_customer})
        return self.customer_ids

    @property
    def audiences(self) -> frozenset[str]:
        """The article and note audiences this role may read."""
        internal = self.may(Permission.READ_INTERNAL)
        return frozenset({"public", "internal"} if internal else {"public"})

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in GRANTS[self.role]

    def require(self, permission: Permission) -> None:
        """Pass, or raise `NotAllowed` naming the role and what it lacks."""
        if not self.may(permission):
            raise NotAllowed(
                f"The role {self.role.value!r} may not {permission.value}. "
                "Ask someone at the service desk whose role may."
            )

    def require_customer(self) -> str:
        """The customer that something new belongs to: the active one, or the only one.

        Raises:
            UsageError: several customers and none chosen.
        """
        if self.active_customer is not None:
            return self.active_customer
        if len(self.customer_ids) == 1:
            return next(iter(self.customer_ids))
        raise UsageError(
            "No customer is chosen, and a new ticket belongs to one. Choose one first "
            "(--customer ID, or the customer picker in the app)."
        )


def scope_from_claims(claims: Mapping[str, object]) -> Scope:
    """The scope of a token whose signature, issuer, audience and expiry were checked.

    Args:
        claims: `sub` is the actor, `custom:role` the role, `custom:customers` the customers'
            ids with commas between them.

    Raises:
        NotAuthenticated: a claim is missing or malformed.
    """
    actor, role, customers = (
        str(claims.get(name, "")) for name in ("sub", "custom:role", "custom:customers")
    )
    ids = customers.split(",")
    for name, value, sound in (
        ("sub", actor, ACTOR.fullmatch(actor)),
        ("custom:role", role, role in set(Role)),
        ("custom:customers", customers, all(map(SLUG.fullmatch, ids))),
    ):
        if not sound:
            raise NotAuthenticated(
                f"The token's claim {name} is {value[:60]!r}, which means nothing here. "
                "Let an administrator set it, then sign in again."
            )
    return Scope(actor, Role(role), frozenset(ids))
