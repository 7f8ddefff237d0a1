"""Walks every method of the Arc v1 client (arc-v1 §9) against the hub at the URL given, as a stranger would.

    python3 walk.py http://127.0.0.1:6969

Prints one JSON line for each step, `{"step", "ok", "error"?}`, goes on after a failed one, and ends with exit code 1
if any failed. Names are made anew in each run, so a hub may be walked twice, but nobody else may use it meanwhile.
"""

import http.client
import json
import os
import re
import socket
import sys
import threading
import time
import traceback
import urllib.parse
import uuid
from contextlib import contextmanager

from arc_stranger import ArcClient, ArcError, HttpTransport

BASE_URL = sys.argv[1]
RUN = uuid.uuid4().hex[:8]
STEPS = []


def step(section):
    def add(function):
        STEPS.append((f"{section}: {function.__doc__}", function))
        return function

    return add


def named(name):
    """A name that no other run uses."""
    return f"{name}-{RUN}"


def new_client(name="agent"):
    return ArcClient(f"{name}-{uuid.uuid4().hex[:8]}", BASE_URL)


def started(name="agent", **options):
    return ArcClient.quickstart(f"{name}-{uuid.uuid4().hex[:8]}", BASE_URL, **options)


def same(actual, expected, what="value"):
    assert actual == expected, f"{what} is {actual!r}, expected {expected!r}"


def fields(actual, **expected):
    for name, value in expected.items():
        assert name in actual, f"{name} is missing from {actual!r}"
        same(actual[name], value, name)


def keys(actual, *names):
    same(sorted(actual), sorted(names), "set of keys")


@contextmanager
def refused(error, status=400):
    try:
        yield
    except ArcError as failure:
        same(failure.error, error, "error")
        same(str(failure), error, "message of the exception")
        same(failure.status, status, "status of the exception")
        return
    raise AssertionError(f"no error, expected {error!r}")


def is_timestamp(text):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text), f"{text!r} is no timestamp of arc-v1 §2.9"


def seconds(text):
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def raw(method, path, body=None, headers=None):
    """Status, headers and parsed JSON of one request, `body` as it is; JSON extensions such as NaN are refused."""
    address = urllib.parse.urlsplit(BASE_URL)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=15)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, strict(answer.read())
    finally:
        connection.close()


def strict(text):
    def refuse(token):
        raise AssertionError(f"{token} in an answer: no strict JSON client can read it")

    return json.loads(text, parse_constant=refuse)


class InBackground(threading.Thread):
    """Runs `work` in a thread; `answer()` waits for what it returned or raises what it raised."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self._work = work
        self._value = None
        self._error = None
        self.start()

    def run(self):
        try:
            self._value = self._work()
        except BaseException as cause:  # handed to answer()
            self._error = cause

    def answer(self):
        self.join(30)
        assert not self.is_alive(), "the background work did not end"
        if self._error is not None:
            raise self._error
        return self._value


# ---------------------------------------------------------------- construction


@step("§9.1")
def construction_is_silent():
    """constructing makes no traffic, strips the slash and starts without session"""
    client = ArcClient("nobody", "http://127.0.0.1:1/")
    same(client.base_url, "http://127.0.0.1:1", "base_url")
    same((client.session_id, client.cursor, client.timeout), (None, 0, 15.0), "state")


@step("§9.1")
def quickstart():
    """quickstart registers, takes the id as display name and starts at now"""
    before = started("poster")
    before.post("general", "history")
    client = started("quick")
    fields(client.whoami()["session"], display_name=client.agent_id, capabilities=[], active=True)
    same(client.poll(timeout=0), [], "first poll")
    news = before.post("general", "news")
    same([message["id"] for message in client.poll(timeout=5)], [news["id"]], "ids after the news")
    named_client = started("quick", display_name="Quick Silver", capabilities=["review", "test"])
    fields(named_client.whoami()["session"], display_name="Quick Silver", capabilities=["review", "test"])


@step("§9.1")
def own_transport():
    """any object with call() serves as transport"""
    calls = []

    class Recorder:
        inner = HttpTransport(BASE_URL, 15)

        def call(self, method, path, payload, timeout_override):
            calls.append((method, path))
            return self.inner.call(method, path, payload, timeout_override)

    client = ArcClient(named("recorded"), transport=Recorder())
    client.register()
    client.bootstrap()
    same(calls, [("POST", "/v1/sessions"), ("GET", f"/v1/bootstrap?agent_id={client.agent_id}")], "calls")


@step("§9.1")
def context_manager():
    """leaving the context closes the session, also when an error leaves it"""
    with started("guest") as client:
        agent_id = client.agent_id
        assert any(agent["agent_id"] == agent_id for agent in client.bootstrap()["live_agents"])
    same(client.session_id, None, "session_id")
    same(ArcClient(agent_id, BASE_URL).bootstrap()["session"], None, "session after the context")
    try:
        with started("guest") as client:
            raise KeyError("inner")
    except KeyError:
        pass
    same(ArcClient(client.agent_id, BASE_URL).bootstrap()["session"], None, "session after the error")


# ---------------------------------------------------------------- sessions


@step("§9.2, §3.2")
def register():
    """register answers with the session and keeps its id"""
    client = new_client()
    session = client.register(display_name="Ana", capabilities=["a", 1, True, "a b"], metadata={"model": "x", "n": 1})
    keys(
        session,
        *("session_id", "agent_id", "display_name", "capabilities", "metadata", "created_at", "last_seen", "active"),
    )
    fields(session, agent_id=client.agent_id, display_name="Ana", active=True, metadata={"model": "x", "n": 1})
    same(session["capabilities"], ["a", "1", "True", "a b"], "capabilities")
    same(str(uuid.UUID(session["session_id"], version=4)), session["session_id"], "UUID v4 in lower case")
    same(client.session_id, session["session_id"], "session_id")
    is_timestamp(session["created_at"])
    is_timestamp(session["last_seen"])
    fields(new_client("plain").register(), capabilities=[], metadata={})


@step("§4.1")
def register_replaces():
    """register replaces a live session by default; without replace it is refused"""
    first = new_client()
    first.register(display_name="one")
    second = ArcClient(first.agent_id, BASE_URL)
    with refused("agent_id already has an active session"):
        second.register(replace=False)
    same(second.session_id, None, "session_id after the refusal")
    session = second.register(display_name="two")
    assert session["session_id"] != first.session_id, "the old session id was kept"
    live = [agent for agent in first.bootstrap()["live_agents"] if agent["agent_id"] == first.agent_id]
    same([agent["session_id"] for agent in live], [second.session_id], "live sessions of the agent")


@step("§4.1")
def register_keeps_leases():
    """replacing a session leaves the agent's claims and locks alone"""
    client = started()
    key = named("kept")
    client.claim(key)
    client.register()
    fields(client.refresh_claim(key), owner_agent_id=client.agent_id, released_at=None)


@step("§9.2, §4.3")
def close():
    """close is idempotent, silent without a session, and leaves leases held"""
    new_client().close()
    client = started()
    key = named("outlives")
    client.claim(key)
    session_id = client.session_id
    client.close()
    client.close()
    same(client.session_id, None, "session_id")
    same(client.bootstrap()["session"], None, "session")
    fields(client.claim(key), owner_agent_id=client.agent_id)
    status, _, answer = raw("DELETE", f"/v1/sessions/{session_id}")
    same((status, answer), (404, {"ok": False, "error": "session not found"}), "second DELETE")
    again = started()
    status, _, answer = raw("DELETE", f"/v1/sessions/{again.session_id}")
    same((status, answer["result"]), (200, {"session_id": again.session_id, "deleted": True}), "first DELETE")
    again.close()


@step("§9.2, §4.5")
def bootstrap():
    """bootstrap and whoami describe the agent and move the cursor, never back"""
    client = new_client()
    stranger = client.bootstrap()
    keys(stranger, "agent_id", "session", "latest_visible_id", "live_agents", "default_channel")
    fields(stranger, agent_id=client.agent_id, session=None, default_channel="general")
    session = client.register()
    fields(client.whoami(), session={**session, "last_seen": client.whoami()["session"]["last_seen"]})
    message = started("poster").post("general", "one")
    same(client.bootstrap()["latest_visible_id"], message["id"], "latest_visible_id")
    same(client.cursor, message["id"], "cursor")
    client.cursor = message["id"] + 1000
    client.bootstrap()
    same(client.cursor, message["id"] + 1000, "cursor that is ahead")


@step("§4.5")
def bootstrap_visibility():
    """latest_visible_id counts direct messages to the agent, not its own to others"""
    ana, ben = started("ana"), started("ben")
    sent = ana.dm(ben.agent_id, "psst")
    same(ben.bootstrap()["latest_visible_id"], sent["id"], "for the recipient")
    assert ana.bootstrap()["latest_visible_id"] < sent["id"], "the sender sees its own direct message"


@step("§4.5")
def odd_agent_names():
    """an agent may be named with spaces, slashes, ampersands and letters of any script"""
    for name in ("a b", "a/b", "a&b=c", "ä ö ü", "名前", "50%25", "a+b", "🤖"):
        client = ArcClient(f"{name} {RUN}", BASE_URL)
        client.register()
        fields(client.bootstrap()["session"], agent_id=client.agent_id)
        other = started()
        sent = other.dm(client.agent_id, "hello")
        same([m["id"] for m in client.poll(timeout=5)], [sent["id"]], f"poll of {client.agent_id!r}")


# ---------------------------------------------------------------- channels


@step("§9.2, §4.7")
def create_channel():
    """create_channel names its maker; a second one answers with the stored row"""
    ana, ben = started("ana"), started("ben")
    name = f"#Plans / für {RUN} 🙂"
    channel = ana.create_channel(name, {"topic": "x"})
    keys(channel, "name", "created_at", "created_by", "metadata")
    fields(channel, name=name, created_by=ana.agent_id, metadata={"topic": "x"})
    is_timestamp(channel["created_at"])
    same(ben.create_channel(name, {"topic": "y"}), channel, "channel created again")
    fields(ana.create_channel(named("bare")), metadata={})
    fields(ana.create_channel("general"), created_by="system", metadata={})
    fields(ana.create_channel("direct"), created_by="system", metadata={})
    with refused("name is required"):
        ana.create_channel("   ")


# ---------------------------------------------------------------- messages


@step("§9.2, §4.8")
def post():
    """post stores what it is given and answers with the message"""
    client = started()
    plain = client.post("general", "hello")
    keys(
        plain,
        *("id", "ts", "from_agent", "to_agent", "channel", "kind", "body"),
        *("attachments", "reply_to", "thread_id", "metadata"),
    )
    fields(plain, from_agent=client.agent_id, to_agent=None, channel="general", kind="chat", body="hello")
    fields(plain, attachments=[], reply_to=None, thread_id=None, metadata={})
    is_timestamp(plain["ts"])
    full = client.post(
        "general",
        "  spaces stay, ä 🙂 \u0000 too\n",
        kind="Artifact",
        thread_id=f"thread {RUN}",
        reply_to=plain["id"],
        metadata={"deep": [1, 1.5, None, {"": "x"}], "big": 2**70},
        attachments=[
            {"type": "text", "content": "t", "language": "dropped"},
            {"type": "code", "content": "x = 1", "language": "python", "other": 1},
            {"type": "json", "content": {"a": None}},
            {"type": "file_ref", "path": " src/a.py ", "start_line": "3", "end_line": 4.9, "description": None},
            {"type": "diff_ref", "path": "b", "base": "main", "head": "topic"},
        ],
    )
    assert full["id"] > plain["id"], "ids do not ascend"
    fields(full, body="  spaces stay, ä 🙂 \u0000 too\n", kind="artifact", thread_id=f"thread {RUN}")
    fields(full, reply_to=plain["id"], metadata={"deep": [1, 1.5, None, {"": "x"}], "big": 2**70})
    same(
        full["attachments"],
        [
            {"type": "text", "content": "t"},
            {"type": "code", "content": "x = 1", "language": "python"},
            {"type": "json", "content": {"a": None}},
            {"type": "file_ref", "path": "src/a.py", "start_line": 3, "end_line": 4},
            {"type": "diff_ref", "path": "b", "base": "main", "head": "topic"},
        ],
        "attachments",
    )
    client.cursor = plain["id"] - 1
    same(client.poll(exclude_self=False, timeout=0), [plain, full], "messages read back")


@step("§4.8")
def post_kinds():
    """every kind is taken, another is refused"""
    client = started()
    kinds = ("chat", "notice", "task", "claim", "release", "artifact", "task_request", "task_result")
    for kind in kinds:
        fields(client.post("general", "x", kind=kind), kind=kind)
    for kind in ("status_update", "code_review", "x"):
        with refused(f"unsupported kind: {kind}"):
            client.post("general", "x", kind=kind)


@step("§2.7, §4.8")
def post_refused():
    """a post that cannot be stored says why and leaves nothing behind"""
    client = started()
    client.bootstrap()
    before = client.cursor
    with refused("channel does not exist: nowhere"):
        client.post("nowhere", "x")
    with refused("body or attachments is required"):
        client.post("general", "")
    with refused("body exceeds max size"):
        client.post("general", "x" * 128001)
    with refused("too many attachments"):
        client.post("general", "x", attachments=[{"type": "text", "content": ""}] * 33)
    with refused("attachment type text exceeds max size"):
        client.post("general", "x", attachments=[{"type": "text", "content": "é" * 42667}])
    with refused("unsupported attachment type: Text"):
        client.post("general", "x", attachments=[{"type": "Text", "content": ""}])
    with refused("attachment type code requires content"):
        client.post("general", "x", attachments=[{"type": "code"}])
    with refused("attachment type file_ref requires path"):
        client.post("general", "x", attachments=[{"type": "file_ref", "path": " "}])
    with refused("attachments must contain JSON objects"):
        client.post("general", "x", attachments=["x"])
    with refused("parent_task_id references unknown task"):
        client.post("nowhere", "", parent_task_id=10**9)
    with refused("reply_to must be an integer"):
        client.post("general", "x", reply_to="1.5")
    with refused("metadata must be a JSON object"):
        client.post("general", "x", metadata=["x"])
    with refused("from_agent is required"):
        ArcClient("  ", BASE_URL).post("general", "x")
    same(client.bootstrap()["latest_visible_id"], before, "latest id after the refusals")


@step("§4.8, §2.4")
def post_sizes():
    """limits are counted in code points: 128,000 emoji fit, and 255,998 characters of attachment"""
    client = started()
    same(client.post("general", "🙂" * 128000)["body"], "🙂" * 128000, "body")
    content = "x" * 255998
    message = client.post("general", "", attachments=[{"type": "text", "content": content}])
    same((message["body"], message["attachments"][0]["content"]), ("", content), "attachment")


@step("§9.2, §4.10")
def dm():
    """dm goes to its recipient alone, under any label, and not back to its sender"""
    ana, ben, eve = started("ana"), started("ben"), started("eve")
    sent = ana.dm(ben.agent_id, "psst", thread_id="t", kind="notice", metadata={"a": 1})
    fields(sent, channel="direct", to_agent=ben.agent_id, body="psst", thread_id="t", kind="notice", metadata={"a": 1})
    label = named("no such channel")
    labelled = ana.dm(ben.agent_id, "again", channel=label)
    fields(labelled, channel=label)
    with refused(f"channel does not exist: {label}"):
        ana.post(label, "public")
    same(ben.poll(timeout=5), [sent, labelled], "the recipient's poll")
    same(eve.poll(timeout=0), [], "a third agent's poll")
    same(ana.poll(timeout=0, exclude_self=False), [], "the sender's own poll")
    status, _, answer = raw("GET", f"/v1/inbox/{ben.agent_id}")
    same((status, answer["result"]), (200, [sent, labelled]), "inbox")


@step("§9.2, §6.1")
def poll_waits():
    """a waiting poll is answered when a message comes, an idle one at its deadline"""
    ana, ben = started("ana"), started("ben")
    ana.create_channel(named("quiet"))
    for give_time in (False, True):
        waiting = InBackground(lambda: (ben.poll(timeout=20, channel=named("quiet")), time.monotonic()))
        if give_time:
            time.sleep(0.3)  # likely inside the wait now; either way the answer must be the same
        begun = time.monotonic()
        sent = ana.post(named("quiet"), "wake up")
        messages, ended = waiting.answer()
        same(messages, [sent], "messages")
        assert ended - begun < 5, f"woken {ended - begun:.1f} s late"
    begun = time.monotonic()
    same(ben.poll(timeout=2, channel=named("quiet")), [], "idle poll")
    assert time.monotonic() - begun >= 1.5, "the empty answer came before its deadline"
    begun = time.monotonic()
    same(ben.poll(timeout=0, channel=named("quiet")), [], "poll without waiting")
    assert time.monotonic() - begun < 1.5, "timeout=0 waited"


@step("§6.1, §2.6")
def poll_ahead():
    """what is not newer than the cursor does not end a wait"""
    ana, ben = started("ana"), started("ben")
    ben.cursor = ana.post("general", "before")["id"] + 1000
    begun = time.monotonic()
    waiting = InBackground(lambda: (ben.poll(timeout=2), time.monotonic()))
    while time.monotonic() - begun < 0.5:
        ana.post("general", "below the cursor")
    messages, ended = waiting.answer()
    same(messages, [], "messages")
    assert ended - begun >= 1.5, f"the empty answer came after {ended - begun:.2f} s of 2"


@step("§9.2")
def poll_filters():
    """poll filters by channel and thread, pages by limit, and leaves out one's own"""
    ana, ben = started("ana"), started("ben")
    channel = named("filters")
    ana.create_channel(channel)
    in_channel = ana.post(channel, "in channel")
    in_thread = ana.post("general", "in thread", thread_id=f"t {RUN}")
    own = ben.post(channel, "own")
    start = ben.cursor
    same(ben.poll(timeout=0, channel=channel), [in_channel], "by channel")
    ben.cursor = start
    same(ben.poll(timeout=0, thread_id=f"t {RUN}"), [in_thread], "by thread")
    ben.cursor = start
    same(ben.poll(timeout=0, channel=channel, exclude_self=False), [in_channel, own], "with one's own")
    ben.cursor = start
    same(ben.poll(timeout=0, limit=1, exclude_self=False), [in_channel], "first page")
    same(ben.poll(timeout=0, limit=1, exclude_self=False), [in_thread], "second page")
    same(ben.cursor, in_thread["id"], "cursor")
    with refused("channel not found"):
        ben.poll(timeout=0, channel=named("unknown"))
    with refused("limit must be at least 1"):
        ben.poll(timeout=0, limit=0)
    with refused("timeout must be a number"):
        ArcClient("x", BASE_URL)._call("GET", "/v1/events?agent_id=x&timeout=soon")


# ---------------------------------------------------------------- leases


@step("§9.2, §4.13")
def claim():
    """claim grants, denies with the holder's row, refreshes and releases"""
    ana, ben = started("ana"), started("ben")
    key = f"build / {RUN}"
    row = ana.claim(key, thread_id="t1", task_message_id=7, ttl_sec=60, metadata={"why": "x"})
    keys(
        row,
        *("claim_key", "thread_id", "task_message_id", "owner_agent_id"),
        *("claimed_at", "expires_at", "released_at", "metadata"),
    )
    fields(row, claim_key=key, thread_id="t1", task_message_id=7, owner_agent_id=ana.agent_id, released_at=None)
    fields(row, metadata={"why": "x"})
    assert 59 <= seconds(row["expires_at"]) - seconds(row["claimed_at"]) <= 61, "expires_at is not 60 s away"
    same(ben.claim(key), row, "the denied claim's row")
    again = ana.claim(key, thread_id="other", ttl_sec=600, metadata={"why": "y"})
    same({**again, "expires_at": ""}, {**row, "expires_at": ""}, "the holder's second claim")
    assert again["expires_at"] > row["expires_at"], "the second claim did not extend the lease"
    refreshed = ana.refresh_claim(key, 3000)
    assert refreshed["expires_at"] > again["expires_at"], "refresh did not extend the lease"
    for bad in (lambda: ben.refresh_claim(key), lambda: ana.refresh_claim(named("none"))):
        with refused("claim not found or not owned by owner_agent_id"):
            bad()
    for bad in (lambda: ben.release(key), lambda: ana.release(named("none"))):
        with refused("claim not found or not owned by agent_id"):
            bad()
    released = ana.release(key)
    is_timestamp(released["released_at"])
    fields(released, owner_agent_id=ana.agent_id)
    with refused("claim not found or not owned by agent_id"):
        ana.release(key)
    with refused("claim not found or not owned by owner_agent_id"):
        ana.refresh_claim(key)
    fields(ben.claim(key), owner_agent_id=ben.agent_id, thread_id=None, task_message_id=None, metadata={})


@step("§4.13")
def claim_from_task():
    """a claim without key takes it from the task; bad ones are refused"""
    client = started()
    task = client.post("general", "work", kind="task")
    fields(client.claim(None, task_message_id=task["id"]), claim_key=f"task-{task['id']}", task_message_id=task["id"])
    fields(client.claim("  ", task_message_id=-3), claim_key="task--3")
    client.release("task--3")
    with refused("claim_key or task_message_id is required"):
        client.claim(None)
    with refused("ttl_sec must be at least 5"):
        client.claim(named("short"), ttl_sec=4)
    with refused("ttl_sec must be an integer"):
        client.claim(named("short"), ttl_sec="soon")
    with refused("owner_agent_id is required"):
        ArcClient("", BASE_URL).claim(named("short"))


@step("§2.2, §2.8, §4.13")
def claim_envelope():
    """the raw answers carry acquired: 201 granted, 200 denied"""
    ana, ben = started("ana"), started("ben")

    def answer(path, **body):
        status, _, envelope = raw("POST", path, json.dumps(body))
        return status, envelope["ok"], envelope.get("acquired"), sorted(envelope)

    mine = {"claim_key": named("raw"), "owner_agent_id": ana.agent_id}
    theirs = {**mine, "owner_agent_id": ben.agent_id}
    with_flag, without = ["acquired", "ok", "result"], ["ok", "result"]
    same(answer("/v1/claims", **mine), (201, True, True, with_flag), "first")
    same(answer("/v1/claims", **mine), (201, True, True, with_flag), "again by the holder")
    same(answer("/v1/claims", **theirs), (200, True, False, with_flag), "by another")
    same(answer("/v1/claims/refresh", **mine), (200, True, True, with_flag), "refresh")
    release = {"claim_key": named("raw"), "agent_id": ana.agent_id}
    same(answer("/v1/claims/release", **release), (200, True, None, without), "release")


@step("§9.2")
def claim_race():
    """of twenty who claim at once, one gets it"""
    clients = [started("racer") for _ in range(20)]
    rows = [InBackground(lambda client=client: client.claim(named("race"))) for client in clients]
    owners = {row.answer()["owner_agent_id"] for row in rows}
    same(len(owners), 1, f"number of holders ({owners})")


@step("§9.2, §4.14")
def lock():
    """lock and unlock are the same on file paths, which are taken as they are"""
    ana, ben = started("ana"), started("ben")
    path = f"src/{RUN} a.ts"
    row = ana.lock(path, metadata={"thread_id": f"lock {RUN}"})
    keys(row, "file_path", "agent_id", "locked_at", "expires_at", "released_at", "metadata")
    fields(row, file_path=path, agent_id=ana.agent_id, released_at=None, metadata={"thread_id": f"lock {RUN}"})
    same(ben.lock(path), row, "the denied lock's row")
    fields(ben.lock("./" + path), agent_id=ben.agent_id)
    fields(ana.lock(path, 600, {"other": 1}), metadata={"thread_id": f"lock {RUN}"})
    with refused("lock not found or not owned by agent_id"):
        ben.unlock(path)
    is_timestamp(ana.unlock(path)["released_at"])
    with refused("lock not found or not owned by agent_id"):
        ana.unlock(path)
    fields(ben.lock(f"  {path}  "), file_path=path, agent_id=ben.agent_id, metadata={})
    with refused("file_path is required"):
        ana.lock(" ")
    with refused("ttl_sec must be at least 5"):
        ana.lock(path, ttl_sec=0)


# ---------------------------------------------------------------- threads, tasks, calls


@step("§9.2, §4.12")
def get_thread():
    """get_thread answers with all that belongs to the thread"""
    ana, ben = started("ana"), started("ben")
    thread_id = named("thread")
    task = ana.post("general", "do it", kind="task", thread_id=thread_id)
    child = ana.post("general", "part", kind="task", thread_id=thread_id, parent_task_id=task["id"])
    direct = ben.dm(ana.agent_id, "aside", thread_id=thread_id)
    artifact = ben.post("general", "made", kind="artifact", thread_id=thread_id)
    claimed = ben.claim(named("thread-claim"), thread_id=thread_id)
    locked = ben.lock(named("thread-lock"), metadata={"thread_id": thread_id})
    detail = ana.get_thread(thread_id)
    keys(detail, "thread", "messages", "tasks", "claims", "locks")
    same(detail["messages"], [task, child, direct, artifact], "messages")
    same([row["task_id"] for row in detail["tasks"]], [task["id"], child["id"]], "tasks")
    same((detail["claims"], detail["locks"]), ([claimed], [locked]), "leases")
    same(
        detail["thread"],
        {
            "thread_id": thread_id,
            "channel": "general",
            "root_task_id": task["id"],
            "latest_message_id": artifact["id"],
            "latest_message_ts": artifact["ts"],
            "latest_artifact_id": artifact["id"],
            "message_count": 4,
            "total_task_count": 2,
            "open_task_count": 2,
            "active_claim_count": 1,
            "active_lock_count": 1,
            "status": "open",
        },
        "summary",
    )
    ben.release(named("thread-claim"))
    ben.unlock(named("thread-lock"))
    same(ana.get_thread(thread_id)["thread"]["status"], "waiting", "status without leases")
    ana.complete_task(child["id"])
    same(ana.get_thread(thread_id)["thread"]["status"], "completed", "status when all is done")
    with refused("thread not found"):
        ana.get_thread(named("no such thread").replace(" ", "-"))


@step("§9.4, §2.3")
def get_thread_unquoted():
    """a thread id with a space cannot be asked for unquoted, but percent-encoded it is found"""
    client = started()
    message = client.post("general", "x", thread_id=f"my / thread {RUN}")
    try:
        client.get_thread(f"my / thread {RUN}")
    except http.client.InvalidURL:
        pass
    else:
        raise AssertionError("the HTTP library let a space through")
    found = client.get_thread(urllib.parse.quote(f"my / thread {RUN}", safe=""))
    same((found["thread"]["thread_id"], found["messages"]), (f"my / thread {RUN}", [message]), "thread")


@step("§9.2, §5.4")
def complete_task():
    """the last subtask completes its parent, with one notice"""
    ana, ben = started("ana"), started("ben")
    thread_id = named("roll-up")
    parent = ana.post("general", "all", kind="task", thread_id=thread_id)
    children = [
        ana.post("general", f"part {n}", kind="task", thread_id=thread_id, parent_task_id=parent["id"])
        for n in range(2)
    ]
    done = ana.complete_task(children[0]["id"])
    keys(done, "task_id", "parent_task_id", "channel", "thread_id", "status", "created_at", "completed_at")
    fields(done, task_id=children[0]["id"], parent_task_id=parent["id"], status="done", thread_id=thread_id)
    is_timestamp(done["completed_at"])
    ben.bootstrap()
    status, _, envelope = raw("POST", f"/v1/tasks/{children[1]['id']}/complete")
    same((status, envelope["parent_completed"], sorted(envelope)), (200, True, ["ok", "parent_completed", "result"]))
    notices = ben.poll(timeout=5, thread_id=thread_id)
    same(len(notices), 1, "number of notices")
    fields(notices[0], from_agent="system", kind="notice", to_agent=None, channel="general", reply_to=parent["id"])
    fields(notices[0], body=f"All 2 subtasks of task {parent['id']} are complete.")
    fields(notices[0], metadata={"auto_rollup": True, "parent_task_id": parent["id"]})
    same([task["status"] for task in ana.get_thread(thread_id)["tasks"]], ["done"] * 3, "states")
    status, _, envelope = raw("POST", f"/v1/tasks/{children[1]['id']}/complete", "{}")
    same((status, sorted(envelope)), (200, ["ok", "result"]), "completed again")
    same(ana.complete_task(parent["id"])["status"], "done", "parent completed again")
    with refused("task not found"):
        ana.complete_task(10**9)
    with refused("not found"):
        ana.complete_task("-1")


@step("§9.3")
def call():
    """call is answered by a public result and by a direct one, and completes the task"""
    boss = started("boss")
    for direct in (False, True):
        worker = started("worker")

        def work():
            request = worker.poll(timeout=20)[0]
            fields(request, kind="task_request", from_agent=boss.agent_id, to_agent=worker.agent_id, body="2 + 2?")
            to_agent = boss.agent_id if direct else None
            result = worker.post("direct", "4", kind="task_result", reply_to=request["id"], to_agent=to_agent)
            return request, result

        answering = InBackground(work)
        answer = boss.call(worker.agent_id, "2 + 2?", poll_interval=0.1, metadata={"n": 1})
        request, result = answering.answer()
        fields(request, channel="direct", metadata={"n": 1})
        same(answer, result, "answer")
        fields(answer, body="4", reply_to=request["id"], metadata={"task_completed": request["id"]})
        late = worker.post("direct", "5", kind="task_result", reply_to=request["id"])
        same(late["metadata"], {}, "metadata of a second result")


@step("§9.3")
def call_fails():
    """call times out with 408, and fails on an unknown channel after its post"""
    client = started("boss")
    with refused("RPC to nobody timed out after 0.3s", 408):
        client.call("nobody", "hello?", timeout=0.3, poll_interval=0.1)
    with refused("channel not found"):
        client.call("nobody", "hello?", channel=named("no channel"), timeout=1)


@step("§9.3, §2.3")
def call_with_odd_name():
    """call works for an agent whose name must be quoted in the inbox's path"""
    boss, worker = ArcClient(f"the boss / {RUN} ü", BASE_URL), started("worker")
    boss.register()

    def work():
        request = worker.poll(timeout=20)[0]
        return worker.dm(boss.agent_id, "yes", kind="task_result", reply_to=request["id"])

    answering = InBackground(work)
    same(boss.call(worker.agent_id, "ok?", poll_interval=0.1), answering.answer(), "answer")


# ---------------------------------------------------------------- errors and the wire


@step("§9.4")
def connection_errors():
    """a hub that is not there is a connection error, with status 400"""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = ArcClient("x", f"http://127.0.0.1:{unused.getsockname()[1]}", timeout=2)
        try:
            nobody.whoami()
        except ArcError as failure:
            assert failure.error.startswith("connection error: "), failure.error
            same(failure.status, 400, "status")
        else:
            raise AssertionError("somebody answered")
        nobody.session_id = "anything"
        nobody.close()


@step("§2.1, §2.2")
def envelope():
    """every answer has the envelope, its content type and the instance"""
    status, headers, info = raw("GET", "/v1/hub-info")
    same((status, info["ok"], sorted(info)), (200, True, ["ok", "result"]), "hub-info")
    instance = info["result"]["instance_id"]
    assert re.fullmatch("mh1-[0-9a-f]{20}", instance), instance
    same(
        sorted(info["result"]["features"]),
        sorted(
            ["sse", "relay", "long_poll_keepalive", "subtask_rollup"]
            + ["rpc_kinds", "capability_filter", "shutdown_control", "session_rename"]
        ),
        "features",
    )
    fields(info["result"], protocol_version="1", default_channel="general", wal_mode=True, journal_mode="wal")
    for method, path, body, expected in (
        ("GET", "/v1/agents", None, 200),
        ("GET", "/v1/nothing", None, 404),
        ("GET", "/v1/channels/", None, 404),
        ("POST", "/v1/nothing", "{", 404),
        ("POST", "/v1/channels", "{", 400),
        ("POST", "/v1/messages", "[]", 400),
        ("DELETE", "/v1/channels", None, 404),
    ):
        status, headers, answer = raw(method, path, body)
        same(status, expected, f"status of {method} {path}")
        same(headers["Content-Type"].split(";")[0], "application/json", "content type")
        same(headers["X-Arc-Instance"], instance, f"X-Arc-Instance of {method} {path}")
        if expected >= 400:
            same((answer["ok"], sorted(answer)), (False, ["error", "ok"]), f"envelope of {method} {path}")


@step("§2.4")
def any_content_type():
    """curl -d posts with a form's content type, and that is fine"""
    body = json.dumps({"from_agent": named("curl"), "body": "hi"})
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "application/json", "multipart/x"):
        status, _, answer = raw("POST", "/v1/messages", body, {"Content-Type": content_type})
        same((status, answer["result"]["channel"]), (201, "general"), content_type)


@step("§2.3, §9.2")
def unquoted_bytes():
    """the wire is UTF-8: escaped and unescaped letters are the same text"""
    client = started()
    body = {"from_agent": client.agent_id, "body": "ä🙂"}
    for ascii_only in (True, False):
        status, _, answer = raw("POST", "/v1/messages", json.dumps(body, ensure_ascii=ascii_only).encode())
        same((status, answer["result"]["body"]), (201, "ä🙂"), "body")


def main():
    failed = 0
    for name, function in STEPS:
        line = {"step": name, "ok": True}
        try:
            function()
        except Exception as cause:
            failed += 1
            where = traceback.extract_tb(cause.__traceback__)
            ours = [frame.lineno for frame in where if os.path.basename(frame.filename) == "walk.py"]
            line = {"step": name, "ok": False, "error": f"{type(cause).__name__}: {cause}"[:2000], "lines": ours}
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
