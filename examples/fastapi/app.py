"""Answers at once, and lets jobq do the work.

POST /emails and POST /reports/{user_id} enqueue a task and answer 202 with its id;
GET /tasks/{id} tells what became of it.
"""

import logging
from typing import Annotated, Any

from fastapi import FastAPI, Header, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import queue_cli as queue

log = logging.getLogger("uvicorn.error")
app = FastAPI(title="Emails and reports")

# A name as jobq has them; the first character keeps it from being taken for an option.
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
# Repeating a request with its key makes no second job: jobq's --id.
Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=NAME)]


class Email(BaseModel):
    to: str = Field(min_length=3, max_length=320, pattern=r"^[^\s@]+@[^\s@]+$")
    subject: str = Field(default="", max_length=1000)
    body: str = Field(default="", max_length=50_000)


class Report(BaseModel):
    parts: int = Field(default=20, ge=1, le=1000)


class Accepted(BaseModel):
    id: str
    created: bool


class Progress(BaseModel):
    percent: float | None
    message: str | None


class Task(BaseModel):
    id: str
    task: str | None
    state: str
    reason: str | None
    attempt: int
    progress: Progress | None
    result: Any
    error: str | None
    enqueued_at: str
    started_at: str | None
    finished_at: str | None


@app.post("/emails", status_code=202)
async def send_email(email: Email, key: Key = None) -> Accepted:
    words = [f"to={email.to}", f"subject={email.subject}", f"body={email.body}"]
    return await enqueue("send_email", words, key)


@app.post("/reports/{user_id}", status_code=202)
async def generate_report(
    user_id: Annotated[int, Path(ge=0, le=2**53)], report: Report | None = None, key: Key = None
) -> Accepted:
    parts = (report or Report()).parts
    return await enqueue("generate_report", [f"user_id:={user_id}", f"parts:={parts}"], key)


@app.get("/tasks/{id}")
async def task(id: str) -> Task:
    # Any job of the namespace: an application with users checks here whose task it is.
    return Task(**await queue.status(id))


async def enqueue(task: str, words: list[str], key: str | None) -> Accepted:
    return Accepted(**await queue.enqueue(task, words, key))


@app.exception_handler(queue.Refused)
async def refused(_: Request, why: queue.Refused) -> JSONResponse:
    """jobq's exit codes in the words of HTTP."""
    answer: dict[str, Any] = {"detail": why.message}
    match why.code:
        case 65:
            return JSONResponse(answer, 422)
        case 66:
            return JSONResponse(answer, 404)
        case 75:
            return JSONResponse(answer, 503, {"Retry-After": "5"})
        case 69:
            return JSONResponse({"detail": "the queue cannot be reached"}, 503, {"Retry-After": "10"})
        case 74:
            # It may have been accepted: with the id as its key, the request can be repeated.
            answer = {"detail": "not confirmed; repeat it with this id as Idempotency-Key", "id": why.id}
            return JSONResponse(answer, 503, {"Retry-After": "1"})
    # Wrong usage, permissions, configuration: ours to mend, not the caller's.
    log.error("jobq ended with code %s: %s", why.code, why.message)
    return JSONResponse({"detail": "internal error"}, 500)
