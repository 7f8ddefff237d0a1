"""Walks every method of arc-v1 §9 with the client of any Arc v1 module, over HTTP and, where it has one, over the relay.

    python3 client_walk.py MODULE BASE_URL SPOOL_DIR [TOKEN]

MODULE is the path of a Python file or package folder that defines `ArcClient` and `ArcError`. Prints one JSON line for
each step, `{"step", "ok", "error"?}`, and ends with exit code 1 if any failed.
"""

import importlib.util
import json
import os
import sys
import threading
import traceback
import uuid

MODULE, BASE_URL, SPOOL = sys.argv[1:4]

if len(sys.argv) > 4:
    # The client stays as it is: only the header is added to what it sends.
    import urllib.request

    class Request(urllib.request.Request):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.add_header("Authorization", f"Bearer {sys.argv[4]}")

    urllib.request.Request = Request


def load(path):
    file = os.path.join(path, "__init__.py") if os.path.isdir(path) else path
    name = os.path.splitext(os.path.basename(os.path.normpath(path)))[0]
    folder = [path] if os.path.isdir(path) else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


arc = load(MODULE)


def same(actual, expected, what="value"):
    assert actual == expected, f"{what} is {actual!r}, expected {expected!r}"


def open_http(name):
    return arc.ArcClient.quickstart(name, BASE_URL, capabilities=["walk"])


def open_relay(name):
    client = arc.ArcClient.over_relay(name, SPOOL)
    client.register(display_name=name, capabilities=["walk"])
    client.bootstrap()
    return client


def walk(way, connect):
    run = f"{way}-{uuid.uuid4().hex[:8]}"
    ana, ben = connect(f"ana-{run}"), connect(f"ben-{run}")
    thread, channel, key = f"thread-{run}", f"channel-{run}", f"key-{run}"

    def presence():
        same(ana.whoami()["session"]["agent_id"], ana.agent_id, "agent of the session")
        live = [agent["agent_id"] for agent in ben.bootstrap()["live_agents"]]
        assert ana.agent_id in live and ben.agent_id in live, live

    def channels():
        same(ana.create_channel(channel, {"topic": "walk"})["created_by"], ana.agent_id, "created_by")
        same(ben.create_channel(channel)["metadata"], {"topic": "walk"}, "metadata of the existing channel")

    def messages():
        posted = ana.post(channel, "grüße 🙂", thread_id=thread, attachments=[{"type": "text", "content": "x"}])
        direct = ana.dm(ben.agent_id, "psst", reply_to=posted["id"])
        same([each["id"] for each in ben.poll(timeout=5)], [posted["id"], direct["id"]], "ids polled")
        same(ben.poll(timeout=0), [], "second poll")
        same(ana.poll(timeout=0), [], "own messages")

    def waiting():
        got = []
        poller = threading.Thread(target=lambda: got.extend(ben.poll(timeout=10)), daemon=True)
        poller.start()
        sent = ana.post("general", f"news {run}")
        poller.join(15)
        assert sent["id"] in [each["id"] for each in got], "the poll did not bring the news"

    def claims():
        same(ana.claim(key, thread_id=thread, ttl_sec=60)["owner_agent_id"], ana.agent_id, "owner")
        same(ben.claim(key)["owner_agent_id"], ana.agent_id, "owner seen by the loser")
        assert ana.refresh_claim(key, 120)["expires_at"] > ana.claim(f"{key}-2", ttl_sec=5)["expires_at"]
        assert ana.release(key)["released_at"], "released_at"
        same(ben.claim(key)["owner_agent_id"], ben.agent_id, "owner after the release")

    def locks():
        same(ana.lock(f"/{key}", 60)["agent_id"], ana.agent_id, "holder")
        same(ben.lock(f"/{key}")["agent_id"], ana.agent_id, "holder seen by the loser")
        assert ana.unlock(f"/{key}")["released_at"], "released_at"

    def tasks():
        parent = ana.post(channel, "whole", kind="task", thread_id=thread)
        child = ana.post(channel, "part", kind="task", thread_id=thread, parent_task_id=parent["id"])
        same(ben.complete_task(child["id"])["status"], "done", "status of the child")
        detail = ana.get_thread(thread)
        same({each["status"] for each in detail["tasks"]}, {"done"}, "statuses in the thread")
        same(detail["thread"]["thread_id"], thread, "thread")

    def calls():
        answered = []

        def answer():
            for message in ben.poll(timeout=10):
                if message["kind"] == "task_request" and message["to_agent"] == ben.agent_id:
                    answered.append(ben.dm(ana.agent_id, "42", kind="task_result", reply_to=message["id"]))

        ben.poll(timeout=0)
        helper = threading.Thread(target=answer, daemon=True)
        helper.start()
        result = ana.call(ben.agent_id, "6 by 7?", timeout=20, poll_interval=0.1)
        helper.join(15)
        same((result["body"], result["id"]), ("42", answered[0]["id"]), "the result")

    def errors():
        for text, act in (
            ("channel does not exist: nowhere", lambda: ana.post("nowhere", "x")),
            ("claim not found or not owned by owner_agent_id", lambda: ana.refresh_claim(f"none-{run}")),
            ("task not found", lambda: ana.complete_task(2**40)),
            ("thread not found", lambda: ana.get_thread(f"none-{run}")),
        ):
            try:
                act()
            except arc.ArcError as error:
                same(str(error), text, "error")
            else:
                raise AssertionError(f"no error, expected {text!r}")

    def context():
        with connect(f"cleo-{run}") as cleo:
            same(cleo.post("general", f"in and out {run}")["from_agent"], cleo.agent_id, "from_agent")
        live = [agent["agent_id"] for agent in ben.bootstrap()["live_agents"]]
        assert cleo.agent_id not in live, "cleo is still live"

    def leaving():
        ana.close()
        ana.close()
        same(ana.session_id, None, "session_id")
        live = [agent["agent_id"] for agent in ben.bootstrap()["live_agents"]]
        assert ana.agent_id not in live, "ana is still live"
        ben.close()

    failed = 0
    for step in (presence, channels, messages, waiting, claims, locks, tasks, calls, errors, context, leaving):
        line = {"step": f"{way}: {step.__name__}", "ok": True}
        try:
            step()
        except Exception as cause:
            failed += 1
            line.update(ok=False, error=f"{type(cause).__name__}: {cause}"[:1000])
            traceback.print_exc()
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return failed


failures = walk("HTTP", open_http)
if hasattr(arc.ArcClient, "over_relay"):
    failures += walk("relay", open_relay)
sys.exit(1 if failures else 0)
