import pytest

from msp_core.errors import NotAllowed, NotFound, UsageError
from msp_core.scope import Permission, Role, Scope

BOTH = frozenset({"northwind", "keller"})


def test_who_may_what_is_the_contract() -> None:
    """The table "Identity and isolation", row by row."""
    allowed = {
        role: {permission for permission in Permission if Scope("a", role, BOTH).may(permission)}
        for role in Role
    }
    assert allowed[Role.CUSTOMER] == {
        Permission.CREATE_TICKET,
        Permission.REOPEN_TICKET,
        Permission.ADD_PUBLIC_NOTE,
    }
    assert set(Permission) - allowed[Role.TECHNICIAN] == {
        Permission.DELETE_TICKET,
        Permission.ERASE_CUSTOMER,
        Permission.READ_AUDIT,
        Permission.SEE_BUDGETS,
    }
    assert allowed[Role.MANAGER] == set(Permission)


def test_only_the_desk_reads_internal_text() -> None:
    assert Scope("a", Role.CUSTOMER, BOTH).audiences == {"public"}
    for role in (Role.TECHNICIAN, Role.MANAGER):
        assert Scope("a", role, BOTH).audiences == {"public", "internal"}


def test_the_active_customer_hides_the_others() -> None:
    assert Scope("a", Role.MANAGER, BOTH, "keller").visible_customers == {"keller"}
    assert Scope("a", Role.MANAGER, BOTH).visible_customers == BOTH
    assert Scope("a", Role.MANAGER, frozenset()).visible_customers == frozenset()


def test_a_foreign_customer_cannot_be_made_active() -> None:
    with pytest.raises(NotFound, match="keller, northwind"):
        Scope("a", Role.MANAGER, BOTH, "alta-foods")


def test_require_names_the_role_and_what_it_lacks() -> None:
    with pytest.raises(NotAllowed, match="'customer' may not delete tickets"):
        Scope("a", Role.CUSTOMER, BOTH).require(Permission.DELETE_TICKET)
    Scope("a", Role.MANAGER, BOTH).require(Permission.DELETE_TICKET)


def test_something_new_needs_one_customer() -> None:
    assert Scope("a", Role.MANAGER, BOTH, "keller").require_customer() == "keller"
    assert Scope("a", Role.CUSTOMER, frozenset({"keller"})).require_customer() == "keller"
    with pytest.raises(UsageError, match="No customer is chosen"):
        Scope("a", Role.MANAGER, BOTH).require_customer()
    with pytest.raises(UsageError):
        Scope("a", Role.MANAGER, frozenset()).require_customer()
