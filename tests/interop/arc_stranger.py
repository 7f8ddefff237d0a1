"""An Arc v1 client written from the contract alone (arc-v1 §9), by somebody who has never seen this hub.

Python 3 standard library only. It keeps the habits that Arc clients have, the odd ones included: a connection for
each request, no `Origin`, no token, `register` replacing whoever is there, thread ids put into the path unquoted,
one cursor for all filters, and 400 as the status of every error of the hub.
"""

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request

DEFAULT_BASE_URL = "http://127.0.0.1:6969"

# Whatever proxy the environment names, the hub is not behind it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ArcError(Exception):
    def __init__(self, error, status=400):
        super().__init__(error)
        self.error = error
        self.status = status


class HttpTransport:
    def __init__(self, base_url, timeout):
        self.base_url = base_url
        self.timeout = timeout

    def call(self, method, path, payload=None, timeout_override=None):
        """The hub's envelope, whatever its status was: clients decide by `ok` (arc-v1 §2.2)."""
        data = None if payload is None else json.dumps(payload).encode("utf-8")
        headers = {} if data is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base_url + path, data=data, headers=headers, method=method)
        try:
            try:
                with _opener.open(request, timeout=timeout_override or self.timeout) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as answer:
                with answer:
                    return json.loads(answer.read())
        except (urllib.error.URLError, http.client.RemoteDisconnected, TimeoutError, ConnectionError) as cause:
            return {"ok": False, "error": f"connection error: {getattr(cause, 'reason', cause)}"}


class ArcClient:
    def __init__(self, agent_id, base_url=DEFAULT_BASE_URL, timeout=15.0, *, transport=None):
        self.agent_id = agent_id
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.session_id = None
        self.cursor = 0
        self._transport = transport or HttpTransport(self.base_url, timeout)

    @classmethod
    def quickstart(cls, agent_id, base_url=DEFAULT_BASE_URL, *, display_name=None, capabilities=None, timeout=15.0):
        client = cls(agent_id, base_url, timeout)
        client.register(display_name=display_name or agent_id, replace=True, capabilities=capabilities)
        client.bootstrap()
        return client

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def _call(self, method, path, payload=None, timeout=None):
        envelope = self._transport.call(method, path, payload, timeout)
        if envelope.get("ok") is not True:
            raise ArcError(envelope.get("error"))
        return envelope["result"]

    def register(self, *, display_name=None, replace=True, capabilities=None, metadata=None):
        body = _without_nulls(
            agent_id=self.agent_id, display_name=display_name, capabilities=capabilities, metadata=metadata
        )
        session = self._call("POST", "/v1/sessions", {**body, "replace": replace})
        self.session_id = session["session_id"]
        return session

    def close(self):
        session_id, self.session_id = self.session_id, None
        if session_id is None:
            return
        try:
            self._call("DELETE", f"/v1/sessions/{session_id}")
        except ArcError:
            pass

    def bootstrap(self):
        result = self._call("GET", f"/v1/bootstrap?agent_id={_quoted(self.agent_id)}")
        self.cursor = max(self.cursor, result["latest_visible_id"])
        return result

    def whoami(self):
        return self.bootstrap()

    def create_channel(self, name, metadata=None):
        body = _without_nulls(name=name, created_by=self.agent_id, metadata=metadata)
        return self._call("POST", "/v1/channels", body)

    def post(
        self,
        channel,
        body,
        *,
        kind="chat",
        thread_id=None,
        to_agent=None,
        attachments=None,
        metadata=None,
        reply_to=None,
        parent_task_id=None,
    ):
        message = _without_nulls(
            from_agent=self.agent_id,
            channel=channel,
            body=body,
            kind=kind,
            thread_id=thread_id,
            to_agent=to_agent,
            attachments=attachments,
            metadata=metadata,
            reply_to=reply_to,
            parent_task_id=parent_task_id,
        )
        return self._call("POST", "/v1/messages", message)

    def dm(self, to_agent, body, **options):
        channel = options.pop("channel", "direct")
        return self.post(channel, body, to_agent=to_agent, **options)

    def poll(self, *, exclude_self=True, timeout=30.0, channel=None, thread_id=None, limit=100):
        query = _without_nulls(
            agent_id=self.agent_id,
            since_id=self.cursor,
            limit=limit,
            timeout=timeout,
            exclude_self="true" if exclude_self else None,
            channel=channel,
            thread_id=thread_id,
        )
        messages = self._call(
            "GET", f"/v1/events?{urllib.parse.urlencode(query)}", timeout=max(self.timeout, timeout + 5)
        )
        if messages:
            self.cursor = max(self.cursor, max(message["id"] for message in messages))
        return messages

    def claim(self, claim_key, *, thread_id=None, task_message_id=None, ttl_sec=300, metadata=None):
        body = _without_nulls(
            owner_agent_id=self.agent_id,
            claim_key=claim_key,
            thread_id=thread_id,
            task_message_id=task_message_id,
            ttl_sec=ttl_sec,
            metadata=metadata,
        )
        return self._call("POST", "/v1/claims", body)

    def refresh_claim(self, claim_key, ttl_sec=300):
        body = {"claim_key": claim_key, "owner_agent_id": self.agent_id, "ttl_sec": ttl_sec}
        return self._call("POST", "/v1/claims/refresh", body)

    def release(self, claim_key):
        return self._call("POST", "/v1/claims/release", {"claim_key": claim_key, "agent_id": self.agent_id})

    def lock(self, file_path, ttl_sec=300, metadata=None):
        body = _without_nulls(agent_id=self.agent_id, file_path=file_path, ttl_sec=ttl_sec, metadata=metadata)
        return self._call("POST", "/v1/locks", body)

    def unlock(self, file_path):
        return self._call("POST", "/v1/locks/release", {"agent_id": self.agent_id, "file_path": file_path})

    def get_thread(self, thread_id):
        return self._call("GET", f"/v1/threads/{thread_id}")

    def complete_task(self, task_id):
        return self._call("POST", f"/v1/tasks/{task_id}/complete", {})

    def call(self, to_agent, body, *, channel="direct", timeout=30.0, poll_interval=1.0, metadata=None):
        request = self.post(channel, body, kind="task_request", to_agent=to_agent, metadata=metadata)
        window = f"since_id={request['id'] - 1}&limit=200"
        deadline = time.monotonic() + timeout
        while True:
            for path in (
                f"/v1/messages?channel={_quoted(channel)}&{window}",
                f"/v1/inbox/{_quoted(self.agent_id)}?{window}",
            ):
                for message in self._call("GET", path):
                    if message["kind"] == "task_result" and message["reply_to"] == request["id"]:
                        return message
            if time.monotonic() + poll_interval > deadline:
                raise ArcError(f"RPC to {to_agent} timed out after {timeout}s", 408)
            time.sleep(poll_interval)


def _quoted(text):
    return urllib.parse.quote(text, safe="")


def _without_nulls(**fields):
    return {name: value for name, value in fields.items() if value is not None}
