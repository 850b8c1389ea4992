"""The handler behind a real server: real tokens, many clients at once, a sudden end."""

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import jwt
import pytest

from tests.fakes.ticket_api import NOW, PERSON, ROOT, Answer, Desk, Server, serving

GOOD = {"title": "VPN down", "description": "Since Monday."}


def test_a_signed_token_opens_and_a_forged_one_does_not(server: Server) -> None:
    token = server.token(PERSON["ana"])
    assert server.call(token, "POST", "/tickets", GOOD).status == 201
    claims = jwt.decode(token, options={"verify_signature": False})
    unsigned = jwt.encode(claims | {"custom:role": "manager"}, None, algorithm="none")
    for wrong in (None, "", "x", token[:-2], unsigned):
        answer = server.call(wrong, "GET", "/tickets")
        assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
        assert server.call(wrong, "GET", "/health").status == 200
    assert server.call("Basic eA==", "GET", "/tickets").status == 401


def logged(server: Server, correlation_id: str) -> list[dict[str, object]]:
    """The lines of the log about one call or more."""
    text = (server.state.parent / "server.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["correlation_id"] == correlation_id]


def test_the_log_has_neither_bodies_nor_people(server: Server) -> None:
    token = server.token(PERSON["ana"])
    private = {"title": "Anna Schmidt", "description": "anna@example.com cannot sign in"}
    trace = {"X-Correlation-Id": "trace-1"}
    made = server.call(token, "POST", "/tickets", private, headers=trace)
    assert made.status == 201
    assert server.call(token, "POST", "/tickets", {"title": 5, "note": "Anna"}).status == 422
    assert server.call(token, "GET", "/tickets/anna@example.com", headers=trace).status == 422
    assert server.call(token, "GET", made.headers["location"], headers=trace).status == 200
    said = [
        (line["method"], line["path"], line.get("ticket_id"), line["status"])
        for line in logged(server, "trace-1")
    ]
    one = "/tickets/{ticketId}"
    ticket_id = made.body["ticket"]["TicketId"]
    assert said == [
        ("POST", "/tickets", None, 201), ("GET", one, None, 422), ("GET", one, ticket_id, 200)
    ]  # fmt: skip
    text = (server.state.parent / "server.log").read_text(encoding="utf-8")
    for secret in ("Anna", "anna@", '"ana"', token):
        assert secret not in text


def test_a_key_that_others_may_read_is_a_problem_and_in_the_log(server: Server) -> None:
    token, key = server.token(PERSON["ana"]), server.state / "tokens.key"
    trace = {"X-Correlation-Id": "trace-key"}
    key.chmod(0o644)
    try:
        answer = server.call(token, "GET", "/tickets", headers=trace)
        healthy = server.call(token, "GET", "/health")
    finally:
        key.chmod(0o600)
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.headers["x-correlation-id"] == "trace-key"
    assert healthy.status == 200
    failed, answered = logged(server, "trace-key")
    assert (failed["level"], failed["exception_name"]) == ("ERROR", "ConfigurationError")
    assert (answered["path"], answered["status"]) == ("/tickets", 500)


def test_a_body_without_end_is_cut_off(server: Server) -> None:
    token = server.token(PERSON["ana"])
    for size in (450_000, 3_000_000):
        answer = server.call(token, "POST", "/tickets", GOOD | {"note": "x" * size})
        assert (answer.status, answer.fields) == (413, ["body"])
        assert logged(server, answer.headers["x-correlation-id"])[-1]["status"] == 413


def test_of_eight_at_once_with_one_key_one_makes_the_ticket(server: Server) -> None:
    token = server.token(PERSON["kim"])
    key = {"Idempotency-Key": "eight"}
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(server.call, token, "POST", "/tickets", GOOD, headers=key) for _ in range(8)
        ]
        answers = [call.result() for call in calls]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["ticket"]["TicketId"] for answer in answers}) == 1
    other = server.call(token, "POST", "/tickets", GOOD | {"title": "x"}, headers=key)
    assert (other.status, other.fields) == (422, ["Idempotency-Key"])


def test_of_eight_at_once_around_midnight_one_makes_the_ticket(tmp_path: Path) -> None:
    state, key = tmp_path / "state", {"Idempotency-Key": "midnight"}
    late, early = NOW.replace(hour=23, minute=59, second=59), NOW.replace(day=NOW.day + 1, hour=0)
    with serving(state, workers=1, now=late) as one, serving(state, workers=1, now=early) as other:
        token = one.token(PERSON["kim"])
        with ThreadPoolExecutor(8) as pool:
            calls = [
                pool.submit(server.call, token, "POST", "/tickets", GOOD, headers=key)
                for server in [one, other] * 4
            ]
            answers = [call.result() for call in calls]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["ticket"]["TicketId"] for answer in answers}) == 1


def _in_flight(server: Server, count: int) -> tuple[list[Answer], list[threading.Thread]]:
    """So many POSTs on their way, each in a thread."""
    token, answers = server.token(PERSON["ana"]), []

    def post() -> None:
        answers.append(server.call(token, "POST", "/tickets", GOOD))

    threads = [threading.Thread(target=post) for _ in range(count)]
    for thread in threads:
        thread.start()
    return answers, threads


def _until(condition, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def test_too_much_is_put_off_and_what_has_begun_is_finished(tmp_path: Path) -> None:
    with serving(tmp_path / "state", workers=1) as server:
        with closing(sqlite3.connect(server.state / "tickets.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # no write gets through
            answers, threads = _in_flight(server, 40)
            _until(lambda: len(answers) == 8)
            assert [answer.status for answer in answers] == [503] * 8
            assert {answer.headers["retry-after"] for answer in answers} == {"1"}
            assert server.process is not None
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            other.execute("ROLLBACK")
        for thread in threads:
            thread.join(20)
        assert sorted(answer.status for answer in answers) == [201] * 32 + [503] * 8
        assert server.process.wait(20) in {0, -signal.SIGTERM}


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_what_was_acknowledged_survives_a_sudden_end(tmp_path: Path, kills: int) -> None:
    server, draw = Server(tmp_path / "state"), random.Random(7)
    path = f"/tickets/{Desk(server.state).create(title='version 1')['TicketId']}"
    posting, changing = server.token(PERSON["ana"]), server.token(PERSON["tom"])
    created: list[str] = []
    versions = [1]
    killed = threading.Event()

    def create(connection: http.client.HTTPConnection) -> None:
        answer = server.call(posting, "POST", "/tickets", GOOD, connection=connection)
        assert answer.status == 201, answer
        created.append(answer.body["ticket"]["TicketId"])

    def change(connection: http.client.HTTPConnection) -> None:
        last, following = versions[-1], versions[-1] + 1
        answer = server.call(
            changing, "PATCH", path, {"title": f"version {following}"},
            headers={"If-Match": f'"{last}"'}, connection=connection,
        )  # fmt: skip
        assert (answer.status, answer.headers["etag"]) == (200, f'"{following}"'), answer
        versions.append(following)

    def until_killed(write: Callable[[http.client.HTTPConnection], None]) -> None:
        try:
            with closing(server.client()) as connection:
                while True:
                    write(connection)
        except Exception:
            if not killed.is_set():
                raise

    def look() -> None:
        """What was acknowledged is there, perhaps with the one change that was on its way."""
        ticket = Desk(server.state).call("tom", "GET", path).body["ticket"]
        assert versions[-1] <= ticket["Version"] <= versions[-1] + 1
        assert ticket["Title"] == f"version {ticket['Version']}"
        versions.append(ticket["Version"])

    for _ in range(kills):
        killed.clear()
        server.start()
        before = len(created), len(versions)
        with ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(until_killed, write) for write in (create, create, change)]
            _until(lambda before=before: len(created) > before[0] and len(versions) > before[1])
            time.sleep(draw.uniform(0, 0.5))
            killed.set()
            server.kill()
            for client in clients:
                client.result(30)
        assert len(created) > before[0]  # it was under load
        assert len(versions) > before[1]
        look()
    with closing(sqlite3.connect(server.state / "tickets.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        stored = {row[0] for row in database.execute("SELECT ticket_id FROM tickets")}
    assert set(created) <= stored


def test_workers_end_with_their_server(tmp_path: Path) -> None:
    with serving(tmp_path / "state") as server:
        assert server.process is not None
        server.process.kill()  # without a word, and its workers are not told
        server.process.wait(10)

        def free() -> bool:
            try:
                server.call(None, "GET", "/health")
            except OSError:
                return True
            return False

        _until(free)
        assert free()


def test_it_does_not_start_for_aws(tmp_path: Path) -> None:
    names = {"TICKETS_TABLE_NAME": "tickets", "SESSIONS_TABLE_NAME": "sessions"}
    names |= {"MSP_OPENSEARCH_ENDPOINT": "http://127.0.0.1:9200", "MSP_VECTOR_BUCKET": "our-v"}
    names |= {"MSP_VECTOR_INDEX": "our-i", "MSP_ARTIFACTS_BUCKET": "our-a"}
    for command in (
        ["-m", "app.ticket_api.server"],
        ["-c", "from msp_core.cli import main; main()", "token", "--role=manager",
         "--customer=keller"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | names | {"MSP_BACKEND": "aws", "MSP_STATE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (3, "")
        assert "Local tokens are refused with MSP_BACKEND=aws" in done.stderr
    assert not (tmp_path / "tokens.key").exists()
