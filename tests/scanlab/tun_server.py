"""tun_server.py NAME: owns a tun interface and answers every TCP SYN that comes through it with a SYN-ACK."""
import fcntl
import os
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answer(packet):
    source, target = packet[12:16], packet[16:20]
    from_port, to_port, number = struct.unpack("!HHI", packet[20:28])
    tcp = struct.pack("!HHIIBBHHH", to_port, from_port, 7, (number + 1) & 0xFFFFFFFF, 5 << 4, 0x12, 1000, 0, 0)
    pseudo = target + source + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 61, 6, 0) + target + source
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", sys.argv[1].encode(), IFF_TUN | IFF_NO_PI))
print("up", flush=True)
while True:
    packet = os.read(tun, 2048)
    if packet[0] == 0x45 and packet[9] == 6 and packet[33] & 0x12 == 0x02:
        os.write(tun, answer(packet))
