"""jobq as child processes: a list of arguments and no shell, never too many at once."""

import asyncio
import json
import os
import re
from typing import Any

PROGRAM = os.environ.get("JOBQ_PROGRAM", "jobq")
# Each call is a process of a few MiB for a few milliseconds.
AT_ONCE = asyncio.Semaphore(int(os.environ.get("JOBQ_PROCESSES", "8")))
# How long a request may wait for its turn, and then for its answer. jobq gives up by itself
# well before that when Redis is away; this is for what nobody thought of.
TURN_SECONDS = float(os.environ.get("JOBQ_TURN_SECONDS", "30"))
ANSWER_SECONDS = 30.0

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Refused(Exception):
    """jobq ended with another code than 0; the codes are in its manual."""

    def __init__(self, code: int, message: str, id: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.id = code, message, id


async def enqueue(task: str, words: list[str], id: str | None = None) -> dict[str, Any]:
    """Enqueues a task; what `jobq enqueue --json` says. With an id, at most once."""
    options = [] if id is None else ["--id", id]
    # No "--" before the task: what follows that is a command. Each word begins with a parameter's
    # name, so none is taken for an option, whatever its value.
    return await call("enqueue", "--json", "--quiet", *options, task, *words)


async def status(id: str) -> dict[str, Any]:
    """A job as `jobq status --json` shows it."""
    if not NAME.fullmatch(id):
        raise Refused(66, "there is no such job")
    return await call("status", "--json", id)


async def call(*args: str) -> dict[str, Any]:
    try:
        words = [word.encode() for word in args]
    except UnicodeEncodeError:
        raise Refused(65, "a text is not valid Unicode") from None
    if any(b"\0" in word for word in words):
        raise Refused(65, "a text has a NUL character")
    try:
        async with asyncio.timeout(TURN_SECONDS):
            await AT_ONCE.acquire()
    except TimeoutError:
        raise Refused(75, "too many requests at once") from None
    try:
        code, out, err = await run(words)
    finally:
        AT_ONCE.release()
    # An answer is one JSON object, the id of an unconfirmed job included.
    said = parsed(out)
    if code == 0 and said is not None:
        return said
    error = (parsed(err) or {}).get("error", {})
    raise Refused(code or 70, error.get("message", "no answer"), (said or {}).get("id"))


async def run(words: list[bytes]) -> tuple[int, bytes, bytes]:
    pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        child = await asyncio.create_subprocess_exec(PROGRAM, *words, stdin=none, stdout=pipe, stderr=pipe)
    except FileNotFoundError:
        raise Refused(78, f"there is no program {PROGRAM}") from None
    except OSError as error:
        # Mostly an argument beyond what the kernel lets through.
        raise Refused(65, f"the request cannot be passed on: {error.strerror}") from None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            out, err = await child.communicate()
    except TimeoutError:
        raise Refused(69, "no answer in time") from None
    finally:
        # Out of time, or the request was cancelled: no child outlives its request.
        if child.returncode is None:
            child.kill()
            await child.wait()
    return child.returncode, out, err


def parsed(text: bytes) -> dict[str, Any] | None:
    # A warning may stand above an error: the object is the last line.
    lines = text.strip().splitlines()
    try:
        value = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
