"""client.py PORT EMAILS REPORTS: all requests at once, then every id to its end.

Prints one JSON line when all are answered, and one when all have ended.
"""

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

PORT, EMAILS, REPORTS = (int(word) for word in sys.argv[1:])
LIMIT = 50.0
START = time.monotonic()


def call(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=LIMIT)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


gate = threading.Barrier(EMAILS + REPORTS)


def post(number):
    gate.wait()
    if number < EMAILS:
        body = {"to": f"user{number}@example.org", "subject": "Hello; $(exit) 'there'", "body": "two\nlines"}
        status, answer = call("POST", "/emails", body)
    else:
        status, answer = call("POST", f"/reports/{number}", {"parts": 2})
    assert status == 202, (status, answer)
    return answer["id"]


def follow(id):
    while True:
        status, answer = call("GET", f"/tasks/{id}")
        assert status == 200, (status, answer)
        if answer["state"] in ("SUCCESS", "FAILURE", "REVOKED", "EXPIRED"):
            return answer
        assert time.monotonic() - START < LIMIT, f"not ended: {answer}"
        time.sleep(0.3)


with ThreadPoolExecutor(EMAILS + REPORTS) as pool:
    ids = list(pool.map(post, range(EMAILS + REPORTS)))
print(json.dumps({"ids": ids}), flush=True)
with ThreadPoolExecutor(8) as pool:
    print(json.dumps({"ended": list(pool.map(follow, ids))}), flush=True)
