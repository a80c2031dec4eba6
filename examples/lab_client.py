"""The original lab's client in our own words: python3 examples/lab_client.py 2022."""

import socket
import sys

QUESTION = "Hey Server!!! What will we do in today's lab????"

with socket.create_connection(("localhost", int(sys.argv[1]))) as server:
    while True:
        server.send(QUESTION.encode())
        print("Received from the server:", server.recv(1024).decode(), flush=True)
        if input("Do you want to continue (y/n)? ") != "y":
            print("Bye Server")
            break
