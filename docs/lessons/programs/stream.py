"""Two sockets in one program: what is sent in one piece, and what arrives in one."""

import socket

with socket.create_server(("127.0.0.1", 0)) as listener:
    sender = socket.create_connection(listener.getsockname())
    receiver, _ = listener.accept()

sender.sendall(b"first message")
sender.sendall(b"second message")
while len(receiver.recv(1024, socket.MSG_PEEK)) < len(b"first messagesecond message"):
    pass  # not all has arrived: MSG_PEEK looks, and leaves it there
print("sent twice, received once: ", receiver.recv(1024))

sender.sendall(b"one message")
print("sent once, received twice: ", receiver.recv(4), receiver.recv(1024))

sender.setblocking(False)
taken = sender.send(bytes(50_000_000))
print(f"send took {taken:,} bytes of 50,000,000")
