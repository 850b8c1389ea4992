"""The sidebar: whom one works for, and the conversations."""

import streamlit as st

from app.client import Client
from app.visit import Visit
from app.wording import plain, when

_ALL = ""


def show_sidebar(client: Client, visit: Visit, customers: dict[str, str]) -> None:
    """Draw it; its widgets change the visit before the next run."""
    with st.sidebar:
        st.markdown("### :primary[:material/support_agent:] Support assistant")
        _show_customers(visit, customers)
        st.button(
            "New conversation",
            icon=":material/add_comment:",
            width="stretch",
            disabled=not visit.started,
            on_click=visit.begin,
            args=(visit.customer_id,),
        )
        _show_conversations(client, visit)


def _show_customers(visit: Visit, customers: dict[str, str]) -> None:
    st.session_state["customer"] = visit.customer_id or _ALL

    def choose() -> None:
        visit.begin(st.session_state["customer"] or None)

    st.selectbox(
        "Customer",
        [_ALL, *customers],
        format_func=lambda customer_id: customers.get(customer_id, "All customers"),
        key="customer",
        on_change=choose,
        help="A conversation belongs to one customer; another choice starts another one.",
    )


def _show_conversations(client: Client, visit: Visit) -> None:
    rows = client.conversations(visit.customer_id)
    if not rows:
        return
    st.caption("Earlier conversations")
    with st.container(gap="xxsmall"):
        for row in rows:
            title = plain(row.title)
            st.button(
                f"**{title}**" if row.session_id == visit.session_id else title,
                key=f"open-{row.session_id}",
                type="tertiary",
                wrap=False,
                help=when(row.last_activity, client.now(), st.context.timezone),
                on_click=visit.open,
                args=(row.session_id,),
            )
