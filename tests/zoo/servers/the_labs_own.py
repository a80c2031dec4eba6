"""Wrong in several ways at once, like the original lab's server: see docs/handout.md."""

import socket
import sys
import threading

ANSWER = "Today we will learn about Multithreading with Socket programming"
lock = threading.Lock()


def converse(client: socket.socket) -> None:
    while True:
        message = client.recv(1024)
        print(message.decode("ascii"))
        if not message:
            lock.release()
        client.send(ANSWER.encode())


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        lock.acquire()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
