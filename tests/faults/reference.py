"""What a server answers to a stream of bytes, in ten lines: the model that the server must match.

Written from docs/protocol.md and RFC 3629 alone, so that it cannot share the server's mistakes.
"""

import re

OK = "Today we will learn about Multithreading with Socket programming"
NOT_UTF8 = b"-ERR utf8: the line is not valid UTF-8\r\n"
TOO_LONG = b"-ERR too-long: a line may have 8192 bytes at most\r\n"

# The grammar of RFC 3629, section 4, word for word; `++` and `*+` never backtrack.
UTF8 = re.compile(
    rb"(?:[\x00-\x7f]++|[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*+"
)


def said_to(stream: bytes, thread: str) -> bytes:
    """Return everything that the thread of this name sends, from the greeting on."""
    said = [f"+OK {thread}: ready\r\n".encode()]
    reply = f"+OK {thread}: {OK}\r\n".encode()
    for line, end in re.findall(rb"([^\n]*)(\n?)", stream):
        text = line[:-1] if line.endswith(b"\r") else line
        if len(text) > 8192:
            said.append(TOO_LONG)
            break
        if end:
            said.append(reply if UTF8.fullmatch(text) else NOT_UTF8)
    return b"".join(said)
