"""The chat app: `./dev app`, or `streamlit run app/streamlit_app.py`."""

import streamlit as st

from app import chat_page
from msp_core.errors import MspError

st.set_page_config(page_title="Support assistant", page_icon="🛟", initial_sidebar_state="auto")
page = st.navigation(
    [st.Page(chat_page.show, title="Chat", icon=":material/forum:", default=True)],
    position="hidden",
)
try:
    page.run()
except MspError as error:
    st.error("The assistant cannot work like this.", icon=":material/error:")
    st.text(str(error))
