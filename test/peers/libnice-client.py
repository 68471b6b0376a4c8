"""Two libnice agents that may only meet over a TURN server: libnice-client.py udp|tcp PORT USER PASSWORD COUNT"""

import sys

import gi

gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice  # noqa: E402

WAIT_SEC = 60
LENGTH = 1000
KINDS = {"udp": Nice.RelayType.UDP, "tcp": Nice.RelayType.TCP}


class Side:
    def __init__(self, kind, port, user, password, controlling):
        self.agent = Nice.Agent.new_reliable(GLib.MainContext.default(), Nice.Compatibility.RFC5245)
        for name, value in (("force-relay", True), ("upnp", False), ("controlling-mode", controlling)):
            self.agent.set_property(name, value)
        address = Nice.Address()
        address.init()
        address.set_from_string("127.0.0.1")
        self.agent.add_local_address(address)
        self.stream = self.agent.add_stream(1)
        self.agent.set_stream_name(self.stream, "application")
        self.agent.set_relay_info(self.stream, 1, "127.0.0.1", port, user, password, KINDS[kind])


def main(kind, port, user, password, count):
    loop = GLib.MainLoop()
    sides = [Side(kind, port, user, password, controlling) for controlling in (True, False)]
    gathered = []
    received = bytearray()
    wanted = bytes(number % 251 for number in range(count * LENGTH))

    def on_gathered(agent, _stream):
        gathered.append(agent)
        if len(gathered) < 2:
            return
        for here, there in (sides, sides[::-1]):
            here.agent.parse_remote_sdp(there.agent.generate_local_sdp())

    def on_ready(agent, stream, component, state):
        print(agent, Nice.component_state_to_string(state), flush=True)
        if agent is sides[0].agent and state == Nice.ComponentState.READY and not sent:
            sent.append(True)
            out = agent.get_io_stream(stream, component).get_output_stream()
            out.write_all_async(wanted, GLib.PRIORITY_DEFAULT, None, lambda *_: None)

    def on_read(source, result):
        received.extend(source.read_bytes_finish(result).get_data())
        if len(received) >= len(wanted):
            loop.quit()
        else:
            source.read_bytes_async(65536, GLib.PRIORITY_DEFAULT, None, on_read)

    sent = []
    for side in sides:
        side.agent.connect("candidate-gathering-done", on_gathered)
        side.agent.connect("component-state-changed", on_ready)
        side.agent.gather_candidates(side.stream)
    # An agent hears nothing of the network, its TURN server included, before somebody reads from it.
    for side in sides:
        reader = side.agent.get_io_stream(side.stream, 1).get_input_stream()
        reader.read_bytes_async(65536, GLib.PRIORITY_DEFAULT, None, on_read)
    GLib.timeout_add_seconds(WAIT_SEC, loop.quit)
    loop.run()
    print(f"arrived {len(received)} of {len(wanted)}, {'unchanged' if bytes(received) == wanted else 'changed'}")


main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
