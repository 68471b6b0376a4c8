"""Speaks RFC 6455 to an edge by the websockets library, and prints what came of it: websockets-client.py URL"""

import asyncio
import os
import ssl
import sys

import websockets

WAIT_SEC = 10
BODY = "x" * 60_000
OPTIONS = (
    "OPTIONS sip:example.com SIP/2.0\r\n"
    "Via: SIP/2.0/WSS peer.invalid;branch=z9hG4bKpeer\r\n"
    "Max-Forwards: 70\r\n"
    "To: <sip:example.com>\r\n"
    "From: <sip:peer@example.com>;tag=peer\r\n"
    "Call-ID: peer\r\n"
    "CSeq: 1 OPTIONS\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n{BODY}"
)


def wait(what):
    return asyncio.wait_for(what, WAIT_SEC)


async def closing(url, frames):
    """The close code that the server gives for frames: (last?, opcode, payload)."""
    async with websockets.connect(url, subprotocols=["sip"], ssl=context) as socket:
        for frame in frames:
            await socket.write_frame(*frame)
        await wait(socket.wait_closed())
        return socket.close_code


async def main(url):
    async with websockets.connect(url, subprotocols=["sip"], ssl=context) as socket:
        print("subprotocol", socket.subprotocol)
        await socket.send("\r\n\r\n")
        print("keep-alive", repr(await wait(socket.recv())))
        await socket.send(["\r", "\n\r", "\n"])
        print("in fragments", repr(await wait(socket.recv())))
        payload = os.urandom(125)
        await wait(await socket.ping(payload))
        print("pong")
        pongs = [await socket.ping(str(number)) for number in range(20)]
        await socket.send(OPTIONS)
        print("request", (await wait(socket.recv())).split("\r\n")[0])
        await wait(asyncio.gather(*pongs))
        print("pongs", len(pongs))
        await socket.close(4000, "enough")
        print("closed", socket.close_code)
    print("not UTF-8", await closing(url, [(True, 1, b"\xc3\x28")]))
    print("too long", await closing(url, [(True, 1, b"x" * 65_537)]))
    print("continuation of nothing", await closing(url, [(True, 0, b"x")]))
    print("message within fragments", await closing(url, [(False, 1, b"x"), (True, 1, b"x")]))
    print("close without a code", await closing(url, [(True, 8, b"")]))


# The certificate is made for one test.
context = ssl._create_unverified_context()
asyncio.run(main(sys.argv[1]))
