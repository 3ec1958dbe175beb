"""Lambda's Runtime API for one function: hands out events, takes answers."""

import queue
import subprocess
import time
from threading import Condition, Event

from quick_http import Answer, Request, Server

_STARTS_WITHIN_SECONDS = 30
_ANSWERS_WITHIN_SECONDS = 60


class RuntimeApi:
    """The Runtime API of one function."""

    def __init__(self):
        self._answers = queue.Queue()
        self._turn = Condition()
        self.expect_new_process()
        self._server = Server(self._handle)
        self._server.start()

    def environment(self, memory_mb: int) -> dict[str, str]:
        """The variables that Lambda sets."""
        return {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        }

    def expect_new_process(self) -> None:
        """Keeps this process's events from the questions of the one before it."""
        self._asked = Event()
        self._asked_at = 0.0
        self._events = queue.Queue()
        self._questions, self._handed_out = 0, 0

    def start(self, program, environment: dict[str, str], arguments: tuple[str, ...] = ()) -> subprocess.Popen:
        """Starts the program of the function, whose output nobody reads."""
        return subprocess.Popen(
            [program, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_for_first_question(self, process: subprocess.Popen) -> float:
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while not self._asked.wait(0.05):
            if process.poll() is not None:
                raise SystemExit(f"{process.args} ended at once, with {process.returncode}; start it by hand to see why.")
            if time.monotonic() > deadline:
                raise SystemExit(f"{process.args} never asked for an event.")
        return self._asked_at

    def invoke(self, request_id: str, event: bytes) -> tuple[str, bytes]:
        """Hands out an event, and waits for the path and the body of its answer."""
        self.hand_out(request_id, event)
        return self.next_answer()

    def hand_out(self, request_id: str, event: bytes) -> None:
        with self._turn:
            self._handed_out += 1
        self._events.put((request_id, event))

    def next_answer(self) -> tuple[str, bytes]:
        return self._answers.get(timeout=_ANSWERS_WITHIN_SECONDS)

    def wait_until_idle(self) -> None:
        """Waits until the function, which may do something after its answer, asks for another event."""
        with self._turn:
            if not self._turn.wait_for(lambda: self._questions > self._handed_out, _ANSWERS_WITHIN_SECONDS):
                raise SystemExit("A function answered, and never asked for another event.")

    def process_ends(self) -> None:
        """Lets go of the question that the process waits with."""
        self._events.put(None)

    def stop(self) -> None:
        self._server.stop()

    def _handle(self, request: Request) -> Answer | None:
        if request.method == "POST":
            self._answers.put((request.path, request.body))
            return Answer(202, {})
        event = self._next_event()
        if event is None:
            return None
        request_id, body = event
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:bench",
            "Content-Type": "application/json",
        }
        return Answer(200, headers, body)

    def _next_event(self) -> tuple[str, bytes] | None:
        events = self._events
        with self._turn:
            self._questions += 1
            self._turn.notify_all()
        if not self._asked.is_set():
            self._asked_at = time.perf_counter()
            self._asked.set()
        return events.get()
