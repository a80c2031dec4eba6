"""The original lab's server, in our own words: python3 examples/lab_server.py 2022.

Its mistakes are still there, numbered as in docs/handout.md. What kept it from running is fixed.
"""

import socket
import sys
import threading

ANSWER = "Today we will learn about Multithreading with Socket programming"
print_lock = threading.Lock()


def handle(client: socket.socket, address: tuple[str, int]) -> None:
    """Answer one client, forever."""
    print("New connection:", address, "in", threading.current_thread().name, flush=True)
    while True:
        message = client.recv(1024)
        print("Received from the client:", message.decode("ascii"), flush=True)
        if not message:
            print("Bye", flush=True)
            print_lock.release()  # mistake 1, second half: the next client had to wait until here
            # Mistake 2: the client has left, but without `break` the loop goes on.
        client.send(ANSWER.encode())


with socket.create_server(("localhost", int(sys.argv[1]))) as listener:
    print("Listening on port", sys.argv[1], flush=True)
    while True:
        client, address = listener.accept()
        print_lock.acquire()  # mistake 1, first half: one lock for all, over a whole conversation
        print("Connected to:", address, "by", threading.current_thread().name, flush=True)
        threading.Thread(target=handle, args=(client, address), daemon=True).start()
