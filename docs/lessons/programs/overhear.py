"""Prints what passes by, to and from PORT: the beginning of what is in each packet."""

import socket
import struct
import sys

PORT = int(sys.argv[1])
EVERY_PACKET = socket.htons(3)  # ETH_P_ALL of packet(7)
TCP = 6

with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, EVERY_PACKET) as wire:
    while True:
        packet = wire.recv(1 << 16)
        length, protocol = struct.unpack_from("!2xH5xB", packet)  # of an IPv4 header
        tcp = packet[4 * (packet[0] & 15) : length]
        if protocol == TCP and PORT in struct.unpack_from("!HH", tcp):
            said = tcp[4 * (tcp[12] >> 4) :]
            if said:
                print(said[:60], flush=True)
