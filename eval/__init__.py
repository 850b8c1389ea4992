"""The evaluation workbench: suites, metrics, statistics, result files and the report."""
