"""The parts of the report: what it says, and how that becomes HTML and Markdown."""
