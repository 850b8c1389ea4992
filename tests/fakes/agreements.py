"""A customer whose service level is easy to reckon with."""

from msp_core.customers import Customer

ALWAYS = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "00:00"}


def customer(customer_id: str = "northwind") -> Customer:
    """Works always; High: respond in 60 minutes, resolve in 480; Critical: half of it."""
    return Customer.model_validate(
        {
            "customer_id": customer_id,
            "name": customer_id.title(),
            "sla_plan": "gold",
            "timezone": "UTC",
            "business_hours": ALWAYS,
            "holidays": [],
            "targets_minutes": {
                "High": {"respond": 60, "resolve": 480},
                "Critical": {"respond": 30, "resolve": 240},
            },
        }
    )
