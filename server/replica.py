"""Which of several servers this is. Its name stands before its threads' names: server-2/Thread-1.

Each server counts its threads from 1; so where there are several, a thread is known by both names.
A server that is alone has none, and its threads have just theirs.
"""

import re

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,62}")  # as long as a host name's label: RFC 1035


def thread_name(replica: str, thread: str) -> str:
    """What to call a thread, of this replica, to those who may meet another's."""
    return f"{replica}/{thread}" if replica else thread
