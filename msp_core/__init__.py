"""MSP Support Assistant: ticket work, retrieval, routing and the assistant built on them."""

__version__ = "0.1.0"
