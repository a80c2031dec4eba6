"""Several servers' traces as one trace, a process for each: `lanes --from NAME --trace FILE`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from server.status import Answer
from server.views.replicas import clock, correction, in_order, labels
from server.views.trace import Event

APART = 1_000_000  # from one process's number in a trace to the next; a thread's are between them


def merge_traces(answers: Sequence[Answer]) -> str:
    """One trace of all, a process for each. ValueError where one is no trace."""
    try:
        traces = [json.loads(answer.body) for answer in answers]
        names = labels(answers, [str(trace["otherData"]["replica"]) for trace in traces])
        order = sorted(zip(names, answers, traces, strict=True), key=lambda one: in_order(one[0]))
        events = [
            event
            for place, (label, answer, trace) in enumerate(order, 1)
            for event in _moved(trace, place * APART, correction(answer), _track(label, answer))
        ]
        # The sort is stable: names, which have no time, come first, and each trace is in order.
        events.sort(key=_moment)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("what it tells is no trace that this version knows") from error
    others = {label: trace["otherData"] for label, _, trace in order}
    merged = {"displayTimeUnit": "ms", "otherData": others, "traceEvents": events}
    return json.dumps(merged, separators=(",", ":"))


def _moment(event: Event) -> Any:  # noqa: ANN401 - it is JSON
    return event.get("ts", 0)


def _track(label: str, answer: Answer) -> str:
    return f"{label} at {answer.host}, {clock(answer)}"


def _moved(trace: Any, pid: int, seconds: float, name: str) -> Iterator[Event]:  # noqa: ANN401 - it is JSON
    """Its events by our clock, and in a process of their own: in containers all have one number."""
    later = round(seconds * 1_000_000)
    for event in trace["traceEvents"]:
        moved = {**event, "pid": pid, "tid": pid + event["tid"] - event["pid"]}
        if "ts" in event:
            moved["ts"] += later
        if event["name"] == "process_name":
            yield {**moved, "args": {"name": f"{name}, {event['args']['name']}"}}
            yield {**moved, "name": "process_sort_index", "args": {"sort_index": pid}}
        else:
            yield moved
