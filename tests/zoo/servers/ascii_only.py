"""Wrong: any text that is not ASCII ends the thread, and the client waits forever."""

import socket
import sys
import threading

ANSWER = "Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    try:
        while chunk := client.recv(1024):
            print(chunk.decode("ascii"))
            client.sendall(ANSWER.encode("ascii"))
        client.close()
    except OSError:
        client.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
