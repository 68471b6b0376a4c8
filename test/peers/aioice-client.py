"""Relays messages through a TURN server to an echo of its own: aioice-client.py udp|tcp|tls PORT USER PASSWORD COUNT"""

import asyncio
import ssl
import sys

from aioice import turn

WAIT_SEC = 20


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


class Relayed(asyncio.DatagramProtocol):
    def __init__(self):
        self.back = asyncio.Queue()
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        pass

    def connection_lost(self, exc):
        self.over.set_result(None)

    def datagram_received(self, data, addr):
        self.back.put_nowait(data)


async def main(kind, port, user, password, count):
    loop = asyncio.get_running_loop()
    echo, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    # The certificate is made for one test.
    secure = ssl._create_unverified_context() if kind == "tls" else False
    transport, relayed = await turn.create_turn_endpoint(
        Relayed,
        server_addr=("127.0.0.1", port),
        username=user,
        password=password,
        ssl=secure,
        transport="udp" if kind == "udp" else "tcp",
    )
    back = 0
    for number in range(count):
        data = b"message %d " % number + b"x" * (number * 20)
        transport.sendto(data, echo.get_extra_info("sockname"))
        back += await asyncio.wait_for(relayed.back.get(), WAIT_SEC) == data
    print(f"back {back} of {count}", flush=True)
    transport.close()
    # After it has deleted its allocation.
    await asyncio.wait_for(relayed.over, WAIT_SEC)
    echo.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))
