"""The stranger's client with the file relay of arc-v1 §7.5: what `client_walk.py` is proved with."""

import json
import os
import re
import time
import uuid

import arc_stranger
from arc_stranger import ArcError  # noqa: F401, part of the module's surface


class RelayTransport:
    """Writes each request as a file and waits for the file that answers it. The timeout of a call is ignored."""

    def __init__(self, agent_id, spool_dir, timeout=30.0):
        folder = re.sub(r"[^A-Za-z0-9._-]+", "_", agent_id.strip()) or "agent"
        self.agent_id, self.timeout = agent_id, timeout
        self.requests = os.path.join(spool_dir, "requests", folder)
        self.responses = os.path.join(spool_dir, "responses", folder)

    def call(self, method, path, payload=None, timeout_override=None):
        os.makedirs(self.requests, exist_ok=True)
        os.makedirs(self.responses, exist_ok=True)
        request_id = uuid.uuid4().hex
        envelope = {"request_id": request_id, "agent_id": self.agent_id, "method": method, "path": path}
        final = os.path.join(self.requests, f"{request_id}.json")
        draft = os.path.join(self.requests, f".{request_id}.json.{uuid.uuid4().hex[:8]}.tmp")
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({**envelope, "body": payload, "created_at": None}, file, indent=2)
        os.replace(draft, final)
        answer = os.path.join(self.responses, f"{request_id}.json")
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            if os.path.exists(answer):
                with open(answer, encoding="utf-8") as file:
                    response = json.load(file)
                body = response.get("body")
                return body if isinstance(body, dict) else {"ok": False, "error": response.get("error")}
            time.sleep(0.02)
        return {"ok": False, "error": "relay timed out waiting for response"}


class ArcClient(arc_stranger.ArcClient):
    @classmethod
    def over_relay(cls, agent_id, spool_dir=".arc-relay", *, timeout=30.0):
        return cls(agent_id, timeout=timeout, transport=RelayTransport(agent_id, spool_dir, timeout))
