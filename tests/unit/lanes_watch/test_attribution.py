"""Which thread serves which connection: the table of lanes/watch/attribution.py, row by row."""

from collections.abc import Collection

import pytest

from lanes.watch.attribution import Attribution
from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.evidence import Doing, Look
from lanes.watch.newcomers import OLDER, SOON, Newcomers
from lanes.watch.process import ThreadId
from lanes.watch.waits import Kind

MAIN, T, U = (ThreadId(1, tid) for tid in (1, 2, 3))
CHILD, HELPER = ThreadId(2, 2), ThreadId(2, 4)
C, D, E, LISTENER = 10, 11, 12, 9
ACCEPTS = Doing("accepts", frozenset({LISTENER}), alone=True)
RUNS, SLEEPS, LOCKED = Doing("running"), Doing("sleeps"), Doing("locks", address=1)
NOBODY: Look = {MAIN: ACCEPTS}


def on(inode: int, kind: Kind = "reads") -> Doing:
    return Doing(kind, frozenset({inode}), alone=True)


def polls(*inodes: int, kind: Kind = "polls") -> Doing:
    return Doing(kind, frozenset(inodes))


class Course:
    """Consecutive looks at a server."""

    def __init__(self) -> None:
        self.attribution = Attribution()
        self._lists = 0

    def see(
        self,
        look: Look,
        connections: Collection[int] = (C,),
        pending: Collection[int] = (),
        *,
        listed: bool = True,
    ) -> Claim:
        """Look once; return the claim on the connection C."""
        self._lists += listed
        seen = {MAIN: ACCEPTS, **look}
        self.attribution.update(seen, connections, pending, self._lists, [LISTENER])
        return self.attribution.claims().get(C, UNKNOWN)


@pytest.fixture
def course() -> Course:
    return Course()


@pytest.mark.parametrize("doing", [on(C), on(C, "writes"), on(C, "polls")])
def test_a_thread_that_waits_for_one_connection_serves_it(course: Course, doing: Doing) -> None:
    assert course.see({T: doing, U: RUNS}) == (T, "direct")


@pytest.mark.parametrize("kind", ["polls", "epolls"])
def test_a_poller_serves_its_only_client_if_it_is_the_only_thread(
    course: Course, kind: Kind
) -> None:
    assert course.see({CHILD: polls(C, kind=kind)}) == (CHILD, "direct")
    assert course.see({CHILD: polls(kind=kind)}) == (CHILD, "remembered")  # it polls no socket
    assert course.see({CHILD: polls(C, kind=kind), HELPER: LOCKED}) == (CHILD, "polled")
    assert course.see({CHILD: polls(C, LISTENER, kind=kind)}) == (CHILD, "polled")


@pytest.mark.parametrize("other", [polls(D), on(D), polls(LISTENER), on(LISTENER, "polls")])
def test_a_poller_serves_its_only_client_if_the_other_threads_are_taken(
    course: Course, other: Doing
) -> None:
    assert course.see({T: polls(C), U: other}, (C, D)) == (T, "direct")
    assert course.see({T: RUNS, U: other}, (C, D)) == (T, "remembered")
    assert course.see({T: polls(C), U: other}, (C, D)) == (T, "direct")


@pytest.mark.parametrize("other", [LOCKED, RUNS, SLEEPS, polls(LISTENER, D), polls(8), polls(C)])
def test_a_poller_may_hand_its_only_client_to_a_free_thread(course: Course, other: Doing) -> None:
    assert course.see({T: polls(C), U: other}, (C, D)) == (T, "polled")


def test_a_thread_that_works_for_a_client_of_its_own_is_not_free(course: Course) -> None:
    course.see({T: polls(C), U: polls(D)}, (C, D))
    assert course.see({T: polls(C), U: RUNS}, (C, D)) == (T, "direct")
    assert course.attribution.claims()[D] == (U, "remembered")


def test_a_poller_keeps_its_client_when_a_thread_appears(course: Course) -> None:
    course.see({T: polls(C)})
    assert course.see({T: polls(C), U: RUNS}) == (T, "direct")


def test_polling_one_client_proves_nothing_after_a_thread_polled_several(
    course: Course,
) -> None:
    course.see({T: polls(C, E), U: polls(D)}, (C, D, E))
    assert course.see({T: polls(C), U: polls(D)}, (C, D)) == (T, "polled")


def test_threads_that_share_an_epoll_set_take_turns_and_are_not_remembered(
    course: Course,
) -> None:
    both = Doing("epolls", frozenset({C, D}), epoll=5)
    course.see({T: both}, (C, D))
    assert course.attribution.turns() == set()
    assert course.see({T: RUNS}, (C, D)) == (T, "polled")
    course.see({U: both, T: RUNS}, (C, D))
    assert course.attribution.turns() == {T, U}
    one = Doing("epolls", frozenset({D}), epoll=5)
    assert course.see({U: one, T: on(C)}, (C, D)) == (T, "direct")
    assert course.see({U: one, T: RUNS}, (C, D)) == UNKNOWN


def test_a_connection_that_its_poller_let_go_is_unknown(course: Course) -> None:
    course.see({T: polls(C, kind="epolls"), U: LOCKED})
    assert course.see({T: polls(kind="epolls"), U: LOCKED}) == UNKNOWN


@pytest.mark.parametrize("kind", ["polls", "epolls"])
def test_a_thread_that_waits_for_several_connections_polls_them(course: Course, kind: Kind) -> None:
    assert course.see({T: polls(C, D, kind=kind)}, (C, D)) == (T, "polled")
    assert course.attribution.claims()[D] == (T, "polled")


def test_waiting_for_one_connection_counts_more_than_polling_it(course: Course) -> None:
    assert course.see({T: polls(C, D), U: on(C)}, (C, D)) == (U, "direct")


def test_of_two_threads_that_wait_for_a_connection_the_first_keeps_it(course: Course) -> None:
    assert course.see({U: on(C)}) == (U, "direct")
    assert course.see({T: on(C), U: on(C)}) == (U, "direct")
    assert course.see({T: on(C)}) == (T, "direct")


@pytest.mark.parametrize("doing", [RUNS, SLEEPS, LOCKED, Doing("other"), Doing("ring")])
def test_a_thread_that_has_waited_for_a_connection_is_remembered(
    course: Course, doing: Doing
) -> None:
    course.see({T: on(C)})
    for _ in range(3):
        assert course.see({T: doing}) == (T, "remembered")
    assert course.see({T: on(C)}) == (T, "direct")


@pytest.mark.parametrize("doing", [on(D), on(D, "writes"), polls(D, LISTENER), ACCEPTS])
def test_a_thread_that_moved_on_is_forgotten_for_good(course: Course, doing: Doing) -> None:
    course.see({T: on(C)}, (C, D))
    assert course.see({T: doing}, (C, D)) == UNKNOWN
    assert course.see({T: LOCKED}, (C, D)) == UNKNOWN


def test_a_thread_that_has_ended_is_forgotten_at_the_next_look(course: Course) -> None:
    course.see({T: on(C)})
    assert course.see({U: RUNS}, pending={C}) == (T, "direct")
    assert course.attribution.lost() == {C}
    assert course.see({}) == UNKNOWN
    assert course.see({T: LOCKED}) == UNKNOWN  # another thread with the same ID


def test_a_thread_and_a_connection_that_appear_together_are_born_together(course: Course) -> None:
    course.see(NOBODY, ())
    assert course.see({T: LOCKED}) == (T, "born together")
    for _ in range(5):
        assert course.see({T: LOCKED}) == (T, "born together")
    assert course.see({T: on(C)}) == (T, "direct")


def test_a_thread_and_its_connection_may_appear_a_look_apart(course: Course) -> None:
    course.see(NOBODY, ())
    course.see(NOBODY, (C,))
    assert course.see({T: LOCKED}) == (T, "born together")


@pytest.mark.parametrize(("listed", "how"), [(False, "born together"), (True, "unknown")])
def test_a_thread_is_as_new_as_a_connection_if_it_came_after_the_last_list(
    course: Course, *, listed: bool, how: str
) -> None:
    course.see(NOBODY, ())
    for _ in range(5):
        course.see({T: LOCKED}, (), listed=listed)
    assert course.see({T: LOCKED}).how == how


def test_threads_and_connections_of_the_first_look_are_not_born_together(course: Course) -> None:
    assert course.see({T: LOCKED}) == UNKNOWN
    assert course.see({T: LOCKED}) == UNKNOWN


@pytest.mark.parametrize(
    ("look", "connections"),
    [({T: LOCKED, U: LOCKED}, (C,)), ({T: LOCKED}, (C, D)), ({T: polls(D, LISTENER)}, (C,))],
)
def test_newcomers_are_not_paired_if_there_are_more_or_the_thread_is_taken(
    course: Course, look: Look, connections: tuple[int, ...]
) -> None:
    course.see(NOBODY, ())
    assert course.see(look, connections) == UNKNOWN


def test_a_new_thread_with_a_connection_is_not_paired_with_another(
    course: Course,
) -> None:
    course.see(NOBODY, ())
    course.see({T: on(D)}, (D,))
    assert course.see({T: LOCKED}, (C, D)) == UNKNOWN
    assert course.attribution.claims()[D] == (T, "remembered")


@pytest.mark.parametrize("doing", [RUNS, SLEEPS, Doing("other")])
def test_the_only_busy_thread_serves_the_only_connection_with_a_message(
    course: Course, doing: Doing
) -> None:
    look = {T: doing, U: LOCKED}
    assert course.see(look, (C, D), {C}) == (T, "only one busy")
    assert course.see({T: LOCKED, U: LOCKED}, (C, D)) == UNKNOWN


@pytest.mark.parametrize(
    ("look", "pending"),
    [({T: RUNS, U: RUNS}, {C}), ({T: RUNS}, {C, D}), ({T: LOCKED}, {C}), ({T: RUNS}, set())],
)
def test_nothing_is_claimed_unless_one_thread_is_busy_and_one_client_waits(
    course: Course, look: Look, pending: set[int]
) -> None:
    assert course.see(look, (C, D), pending) == UNKNOWN


def test_a_busy_thread_with_a_client_does_not_serve_another(course: Course) -> None:
    course.see({T: on(D)}, (C, D))
    assert course.see({T: RUNS}, (C, D), {C}) == UNKNOWN
    assert course.see({T: RUNS, U: RUNS}, (C, D), {C, D}) == (U, "only one busy")


def test_a_pollers_connections_are_never_remembered(course: Course) -> None:
    course.see({T: polls(C, D)}, (C, D))
    assert course.see({T: RUNS}, (C, D)) == (T, "polled")  # perhaps it reads for another client
    assert course.see({T: polls(D, LISTENER)}, (C, D)) == UNKNOWN
    assert course.see({T: RUNS}, (C, D)) == UNKNOWN


def test_a_pollers_connections_are_never_born_together(course: Course) -> None:
    course.see({U: polls(LISTENER)}, ())
    assert course.see({U: polls(LISTENER, C), T: LOCKED}) == (U, "polled")


def test_a_pollers_connection_may_be_with_the_only_busy_thread(course: Course) -> None:
    look = {T: polls(C, D), U: RUNS}
    assert course.see(look, (C, D), {C}) == (U, "only one busy")
    assert course.see({**look, U: LOCKED}, (C, D)) == (T, "polled")


def test_a_connection_has_lost_its_thread_for_one_look(course: Course) -> None:
    course.see({T: on(C)})
    assert course.attribution.lost() == set()
    course.see({T: ACCEPTS})
    assert course.attribution.lost() == {C}
    course.see({T: ACCEPTS})
    assert course.attribution.lost() == set()


def test_the_poller_of_each_connection_is_known(course: Course) -> None:
    course.see({T: polls(C, LISTENER), U: on(D)}, (C, D))
    assert course.attribution.pollers() == {C: T}


def test_a_closed_connection_has_no_claim(course: Course) -> None:
    course.see({T: on(C)})
    course.see({T: RUNS}, ())
    assert course.attribution.claims() == {}


def test_a_thread_that_was_there_long_before_a_connection_is_older(course: Course) -> None:
    for _ in range(OLDER + 1):
        course.see({T: LOCKED}, ())
    course.see({T: LOCKED})
    course.see({T: LOCKED, U: on(C)})
    assert course.attribution.is_older(T, C)
    assert not course.attribution.is_older(U, C)


def test_nothing_is_remembered_after_a_thread_left_an_open_connection(
    course: Course,
) -> None:
    course.see({T: on(D), U: on(C)}, (C, D))
    assert course.see({T: on(E), U: RUNS}, (C, D, E)) == (U, "remembered")
    assert D in course.attribution.lost()  # to be read again: it may be closed by now
    assert course.see({T: on(E), U: RUNS}, (C, D, E)) == UNKNOWN
    assert course.attribution.sharing() == {T.pid}
    assert course.see({T: on(E), U: on(C)}, (C, D, E)) == (U, "direct")


@pytest.mark.parametrize("before", [ACCEPTS, polls(D, LISTENER)])
def test_a_thread_that_accepts_or_polls_may_hand_a_connection_on(
    course: Course, before: Doing
) -> None:
    course.see({T: before, U: on(C)}, (C, D))
    for held in D, E, E:
        assert course.see({T: on(held), U: RUNS}, (C, D, E)) == (U, "remembered")


def test_leaving_a_closed_connection_is_not_sharing(course: Course) -> None:
    course.see({T: on(D), U: on(C)}, (C, D))
    for _ in range(2):
        assert course.see({T: on(E), U: RUNS}, (C, E)) == (U, "remembered")


def test_a_thread_comes_with_a_connection_only_if_both_appear_within_a_few_looks() -> None:
    newcomers = Newcomers()
    for look in range(3 + SOON):
        threads = [MAIN, T] if look > 0 else [MAIN]
        connections = [C] * (look > SOON) + [D] * (look > SOON + 1)
        newcomers.update(dict.fromkeys(threads, LOCKED), connections, look)
    assert [newcomers.came_with(T, inode) for inode in (C, D)] == [True, False]
    assert not newcomers.came_with(MAIN, C)


def test_a_connection_that_was_listed_late_may_have_come_since_the_list_before() -> None:
    newcomers = Newcomers()
    for look in range(5 * SOON):
        is_late = look == 5 * SOON - 1
        threads = [MAIN, T] if look > 0 else [MAIN]
        newcomers.update(dict.fromkeys(threads, LOCKED), [C] * is_late, 1 + is_late)
    assert newcomers.came_with(T, C)
    assert not newcomers.came_with(MAIN, C)
