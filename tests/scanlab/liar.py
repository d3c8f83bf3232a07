"""liar.py INTERFACE MAC ADDRESS: sends forged and broken packets to a scanner, some thousand a second, until it is killed: SYN-ACKs and RSTs
without cookie, with wrong sums, cut short, with lying lengths; ICMP that quotes nothing, too little, or others' packets; garbage."""
import random
import socket
import struct
import sys
import time

name, mac, scanner = sys.argv[1:]
random.seed(1)
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((name, 0))
link = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex("020000000002") + b"\x08\x00"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, protocol, body, length=None):
    head = struct.pack("!BBHHHBBH", 0x45, 0, length or 20 + len(body), 1, 0, 60, protocol, 0) + source + socket.inet_aton(scanner)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def tcp(source, flags, good_sum=True):
    body = struct.pack("!HHIIBBHHH", 25, random.randrange(40000, 60000), random.getrandbits(32), random.getrandbits(32), 5 << 4, flags, 100, 0, 0)
    pseudo = source + socket.inet_aton(scanner) + struct.pack("!BBH", 0, 6, len(body))
    body = body[:16] + struct.pack("!H", checksum(pseudo + body) ^ (0 if good_sum else 1)) + body[18:]
    return ip(source, 6, body)


def icmp(source, kind, quoted):
    body = struct.pack("!BBHI", kind, 1, 0, 0) + quoted
    return ip(source, 1, body[:2] + struct.pack("!H", checksum(body)) + body[4:])


def lie():
    source = bytes([11, 0, random.randrange(64), random.randrange(256)])
    syn = struct.pack("!BBHHHBBH", 0x45, 0, 44, 1, 0, 60, 6, 0) + socket.inet_aton(scanner) + source + struct.pack("!HHI", 41000, 25, random.getrandbits(32))
    return random.choice([
        tcp(source, 0x12),
        tcp(source, 0x14),
        tcp(source, 0x12, good_sum=False),
        tcp(source, 0x12)[: random.randrange(20, 40)],
        ip(source, 6, tcp(source, 0x12)[20:], length=random.randrange(65536)),
        icmp(source, 3, b""),
        icmp(source, 3, syn[: random.randrange(28)]),
        icmp(source, 11, syn),
        icmp(source, 3, syn + bytes(random.getrandbits(8) for _ in range(40))),
        bytes([0x45]) + bytes(random.getrandbits(8) for _ in range(random.randrange(1, 60))),
    ])


print("up", flush=True)
while True:
    for _ in range(20):
        wire.send(link + lie())
    time.sleep(0.01)
