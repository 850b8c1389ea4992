from msp_core.cli.progress import ProgressNotes


def test_rate_and_time_left_count_from_the_first_call() -> None:
    times = iter([0.0, 10.0, 20.0])
    progress = ProgressNotes("documents", clock=lambda: next(times))
    assert progress.line(1000, 9000) == "indexed 1,000 of 9,000 documents"
    assert progress.line(1100, 9000).endswith(" documents (10.0/s, about 13:10 left)")
    assert progress.line(9000, 9000).endswith(" documents (400.0/s)")
