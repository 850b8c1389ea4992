"""The chat app: a Streamlit page over the assistant that the command line uses too."""
