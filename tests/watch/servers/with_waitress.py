"""HTTP by waitress: one thread waits for all clients, four workers answer."""

import sys

import waitress
from answering import application

waitress.serve(application, host="127.0.0.1", port=int(sys.argv[1]), threads=4)
