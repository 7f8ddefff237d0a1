"""A stand-in for another Arc v1 hub on the same file: plain SQL, and nothing else in common with ours.

    python3 other_hub.py arc.sqlite3 ../fixtures/arc-v1.sql

Reads commands from stdin, one JSON array `[name, argument…]` a line, and answers each with one line:
`{"result", "committed_ms"}` or `{"error"}`. `committed_ms` is the wall clock just after the commit. Like the hub it
stands for, it opens the file by "create if missing", inserts without naming columns, and waits 5 s for other writers.
"""

import json
import sqlite3
import sys
import time
import uuid

TABLES = ("channels", "messages", "sessions", "claims", "locks", "tasks")


def now(offset_sec=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_sec))


class OtherHub:
    def __init__(self, path, schema_path):
        self.db = sqlite3.connect(path, timeout=5, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.schema_path = schema_path
        self.open()

    def open(self):
        """What a hub does when it starts on a file that may be another's."""
        with open(self.schema_path, encoding="utf-8") as schema:
            self.db.executescript(schema.read())
        for name in ("general", "direct"):
            self.db.execute("INSERT OR IGNORE INTO channels VALUES (?, ?, ?, ?)", (name, now(), "system", "{}"))

    # ------------------------------------------------------------ what a hub writes

    def channel(self, name, created_by="other"):
        self.db.execute("INSERT INTO channels VALUES (?, ?, ?, ?)", (name, now(), created_by, '{"made": "elsewhere"}'))

    def post(self, from_agent, body, to_agent=None, channel="general", kind="chat", thread_id=None, reply_to=None):
        return self.db.execute(
            "INSERT INTO messages (ts, from_agent, to_agent, channel, kind, body, attachments_json, reply_to, thread_id,"
            " metadata_json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (now(), from_agent, to_agent, channel, kind, body, "[]", reply_to, thread_id, "{}"),
        ).lastrowid

    def burst(self, from_agent, count, together):
        """Many messages, `together` of them in each transaction."""
        ids = []
        while len(ids) < count:
            self.db.execute("BEGIN IMMEDIATE")
            for _ in range(min(together, count - len(ids))):
                ids.append(self.post(from_agent, f"burst {len(ids)}"))
            self.db.execute("COMMIT")
        return ids

    def open_session(self, agent_id, seen_sec_ago=0):
        session_id, seen = str(uuid.uuid4()), now(-seen_sec_ago)
        row = (session_id, agent_id, agent_id, '["sql"]', "{}", seen, seen, 1)
        self.db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return session_id

    def rename_session(self, session_id, display_name):
        self.db.execute(
            "UPDATE sessions SET display_name = ?, last_seen = ? WHERE session_id = ?", (display_name, now(), session_id)
        )

    def touch_session(self, session_id):
        self.db.execute("UPDATE sessions SET last_seen = ? WHERE session_id = ? AND active = 1", (now(), session_id))

    def close_session(self, session_id):
        self.db.execute("UPDATE sessions SET active = 0 WHERE session_id = ?", (session_id,))

    def claim(self, claim_key, owner, ttl_sec=300, thread_id=None):
        """Whether `owner` holds the claim now: one conditional upsert within one write transaction."""
        at, until = now(), now(ttl_sec)
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (claim_key) DO UPDATE SET"
            " thread_id = excluded.thread_id, task_message_id = NULL, owner_agent_id = excluded.owner_agent_id,"
            " claimed_at = excluded.claimed_at, expires_at = excluded.expires_at, released_at = NULL,"
            " metadata_json = excluded.metadata_json WHERE released_at IS NOT NULL OR expires_at < ?",
            (claim_key, thread_id, None, owner, at, until, None, '{"by": "sql"}', at),
        )
        (holder,) = self.db.execute("SELECT owner_agent_id FROM claims WHERE claim_key = ?", (claim_key,)).fetchone()
        self.db.execute("COMMIT")
        return holder == owner

    def refresh(self, claim_key, ttl_sec):
        self.db.execute("UPDATE claims SET expires_at = ? WHERE claim_key = ?", (now(ttl_sec), claim_key))

    def release(self, claim_key):
        self.db.execute("UPDATE claims SET released_at = ? WHERE claim_key = ?", (now(), claim_key))

    def hold_in_turns(self, claim_key, owner, turns):
        """Takes and releases one claim again and again: how often it held it, and how often somebody took it away."""
        held, stolen = 0, 0
        give_up = time.monotonic() + 20
        while held < turns and time.monotonic() < give_up:
            if not self.claim(claim_key, owner):
                time.sleep(0.001)
                continue
            held += 1
            time.sleep(0.001)  # long enough for others to try
            stolen += 1 - self.db.execute(
                "UPDATE claims SET released_at = ? WHERE claim_key = ? AND owner_agent_id = ? AND released_at IS NULL",
                (now(), claim_key, owner),
            ).rowcount
            time.sleep(0.002)  # and to get their turn
        return {"held": held, "stolen": stolen}

    def lock(self, file_path, agent_id, ttl_sec=300):
        self.db.execute("INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?)", (file_path, agent_id, now(), now(ttl_sec), None, "{}"))

    def unlock(self, file_path):
        self.db.execute("UPDATE locks SET released_at = ? WHERE file_path = ?", (now(), file_path))

    def task(self, from_agent, body, thread_id=None):
        """A task is two commits, so others can see the message before the task (arc-v1 §12 C4)."""
        task_id = self.post(from_agent, body, kind="task", thread_id=thread_id)
        row = (task_id, None, "general", thread_id, "open", now(), None)
        self.db.execute("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return task_id

    def complete(self, task_id):
        self.db.execute("UPDATE tasks SET status = 'done', completed_at = ? WHERE task_id = ?", (now(), task_id))

    # ------------------------------------------------------------ what a test needs besides

    def begin(self):
        """Takes the write lock and keeps it, as a slow writer would."""
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self):
        self.db.execute("COMMIT")

    def rows(self, table):
        assert table in TABLES
        cursor = self.db.execute(f"SELECT * FROM {table}")
        return [dict(zip((column[0] for column in cursor.description), row)) for row in cursor]

    def integrity(self):
        return self.db.execute("PRAGMA integrity_check").fetchone()[0]


def main():
    hub = OtherHub(sys.argv[1], sys.argv[2])
    print(json.dumps({"result": sqlite3.sqlite_version}), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"result": getattr(hub, name)(*arguments), "committed_ms": time.time() * 1000}
        except Exception as cause:
            if hub.db.in_transaction and name != "begin":
                hub.db.execute("ROLLBACK")
            answer = {"error": f"{type(cause).__name__}: {cause}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
