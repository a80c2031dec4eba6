"""The concurrency models: which thread serves a client, and so where client N waits.

A model has the shape of a `concurrent.futures.Executor`. How the models differ is the lesson.
"""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Protocol

IDLE_SECONDS = 30.0  # how long a thread of `cached` waits for another client


class Session(Protocol):
    """What a model needs from a session."""

    number: int

    def assign(self) -> None:
        """Record the calling thread as this session's, before its turn comes."""

    def run(self) -> None:
        """Serve the client, from the greeting to the close."""


class Model(Protocol):
    """What the listener needs from a model."""

    def submit(self, session: Session) -> None:
        """Run the session in a thread; raises RuntimeError if none can be started."""

    def shutdown(self) -> None:
        """End the model's own threads, once all sessions are closed."""


class ThreadPerClient:
    """`thread`: starts a thread for every client. Client N waits nowhere."""

    def submit(self, session: Session) -> None:
        name = f"Thread-{session.number}"
        Thread(target=self._serve, args=(session,), name=name).start()

    def _serve(self, session: Session) -> None:
        session.run()

    def shutdown(self) -> None:
        """Nothing to end: each thread ends with its client."""


class Cached(ThreadPerClient):
    """`cached`: like `thread`, but a thread whose client has left waits a while for the next."""

    def __init__(self) -> None:
        self._sessions, self._idle = queue.SimpleQueue[Session](), threading.Semaphore(0)

    def submit(self, session: Session) -> None:
        if not self._idle.acquire(blocking=False):
            Thread(target=self._take, name=f"Thread-{session.number}", daemon=True).start()
        self._sessions.put(session)

    def _take(self) -> None:
        while True:
            try:
                self._sessions.get(timeout=IDLE_SECONDS).run()
                self._idle.release()
            except queue.Empty:  # end, unless a client was just queued for this thread
                if self._idle.acquire(blocking=False):
                    return


class Pool:
    """`pool`: shares N workers. Client N + 1 waits in the queue: connected, not greeted."""

    def __init__(self, workers: int) -> None:
        self._workers = 0
        self._naming = threading.Lock()  # guards the number: without a GIL two could get the same
        self._executor = ThreadPoolExecutor(workers, initializer=self._name_worker)

    def _name_worker(self) -> None:
        with self._naming:
            self._workers += 1
            threading.current_thread().name = f"Worker-{self._workers}"

    def submit(self, session: Session) -> None:
        self._executor.submit(session.run)

    def shutdown(self) -> None:
        self._executor.shutdown()


class OneLock(ThreadPerClient):
    """`lock`: starts a thread for every client, but only the holder of one lock may serve.

    The original lab's mistake: client 2 waits until client 1 has left. There it has no thread yet,
    because the accepting thread takes the lock; here it waits in its own, so that you can see it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards nothing that is shared: that is what is wrong

    def _serve(self, session: Session) -> None:
        session.assign()
        with self._lock:
            session.run()
