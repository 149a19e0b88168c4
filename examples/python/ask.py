"""Asks Claude and answers its permission requests, with nothing but the standard library:

CLAUDE_API_KEY=... python3 ask.py "Create a file called hello.txt"
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

API = os.environ.get("CLAUDE_CODE_API_URL", "http://127.0.0.1:3050/api/v1")
KEY = os.environ.get("CLAUDE_API_KEY", "")
ENDS = {"turn.completed", "turn.failed", "turn.interrupted", "turn.timed_out", "turn.lost"}


def request(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    all_headers = {"x-api-key": KEY, "content-type": "application/json", **(headers or {})}
    return urllib.request.Request(API + path, data, all_headers, method=method)


def call(method, path, body=None, headers=None):
    with urllib.request.urlopen(request(method, path, body, headers), timeout=60) as response:
        return json.load(response)


def events(path):
    """Yields the events of a turn, and continues after the last one where the connection breaks."""
    last, failures = None, 0
    while True:
        headers = {} if last is None else {"last-event-id": last}
        try:
            # The server sends a comment every 15 seconds.
            with urllib.request.urlopen(request("GET", path, headers=headers), timeout=45) as stream:
                event, data, position = "", [], None
                for raw in stream:
                    line = raw.decode().rstrip("\r\n")
                    field, _, value = line.partition(": ")
                    if field == "event":
                        event = value
                    elif field == "data":
                        data.append(value)
                    elif field == "id":
                        position = value
                    elif line == "" and event:
                        last, failures = position or last, 0
                        yield event, json.loads("\n".join(data))
                        event, data, position = "", [], None
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise
        except OSError:
            pass
        failures += 1
        if failures > 8:
            raise ConnectionError("the stream cannot be reached")
        time.sleep(min(10, 0.25 * 2**failures))


def main(prompt):
    session = call("POST", "/sessions", {"permissionPrompts": "ask"})["sessionId"]
    # The key makes it safe to send this request again if its response does not arrive.
    headers = {"idempotency-key": str(uuid.uuid4())}
    path = f"/sessions/{session}"
    turn = call("POST", f"{path}/messages", {"prompt": prompt, "background": True}, headers)["turnId"]
    for event, data in events(f"{path}/events?turnId={turn}"):
        if event == "permission.requested":
            print(f"{data['title'] or data['toolName']}: {json.dumps(data['input'])} (yes or no)", flush=True)
            decision = "allow" if sys.stdin.readline().strip() == "yes" else "deny"
            call("POST", f"{path}/permissions/{data['permissionId']}", {"decision": decision})
        if event == "turn.completed":
            print(f"Claude: {data['response']}")
            return 0
        if event in ENDS:
            print(f"{event}: {(data.get('error') or {}).get('message', '')}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: ask.py <prompt>")
    try:
        sys.exit(main(sys.argv[1]))
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code}: {error.read().decode()}")
