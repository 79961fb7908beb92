"""nameserver.py: a name server that says what a script wants, for tests.

    /usr/bin/python3 nameserver.py [--script FILE]

It listens on a free UDP port of 127.0.0.1 and prints one line of JSON, {"dns": 40001}. It ends when
its standard input does. Each line of JSON on its standard input, {"name": step, …}, is added to the
script, and answered with a line {"asked": {"name": n, …}} that counts the questions so far (a name
asked for both families counts twice). In Python: `with Nameserver(script) as n: n.port, n.script`.

The script is a JSON object: name → step, or a list of steps, of which each *look-up* takes the next
(the question for A takes it, AAAA sees the same); the last one stays. A name without a step does not
exist. The keys of a step:

    a, aaaa     lists of addresses; a family that isn't there has none (no error, no data)
    ttl         60
    cname       another name: its own step follows in the same answer
    rcode       "NXDOMAIN", "SERVFAIL" or "REFUSED", for both families, or {"a": …, "aaaa": …}
    delay_ms    before the answer
    silent      true: no answer at all
"""
import argparse
import collections
import ipaddress
import json
import socket
import struct
import sys
import threading

A, CNAME, AAAA = 1, 5, 28
FAMILIES = {A: 'a', AAAA: 'aaaa'}
CODES = {'NXDOMAIN': 3, 'SERVFAIL': 2, 'REFUSED': 5}


def wire(name):
    """A name as RFC 1035 section 3.1 writes it."""
    return b''.join(bytes([len(label)]) + label.encode('ascii') for label in name.split('.') if label) + b'\0'


def question(packet):
    """name, type and the bytes of the question."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode('ascii'))
        at += 1 + packet[at]
    kind, = struct.unpack_from('>H', packet, at + 1)
    return '.'.join(labels).lower(), kind, packet[12:at + 5]


class Nameserver:
    def __init__(self, script=None):
        self.script, self.taken, self.asked = dict(script or {}), {}, collections.Counter()
        self.lock = threading.Lock()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                packet, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            name, kind, asked = question(packet)
            with self.lock:
                self.asked[name] += 1
                step = self.step(name, kind)
                answer = self.answer(packet, asked, name, kind, step)
            if step and step.get('silent'):
                continue
            if step and step.get('delay_ms'):
                threading.Timer(step['delay_ms'] / 1000, self.send, (answer, peer)).start()
            else:
                self.send(answer, peer)

    def send(self, answer, peer):
        try:
            self.sock.sendto(answer, peer)
        except OSError:
            pass

    def step(self, name, kind):
        step = self.script.get(name)
        if isinstance(step, list):
            key = (name, kind)
            n = self.taken.get(key, 0)
            self.taken[key] = n + 1
            step = step[min(n, len(step) - 1)]
        return step

    def records(self, name, kind, step):
        records = []
        while step and 'cname' in step:
            target = wire(step['cname'])
            records.append(wire(name) + struct.pack('>HHIH', CNAME, 1, step.get('ttl', 60), len(target)) + target)
            name = step['cname']
            step = self.step(name, kind)
        for address in (step or {}).get(FAMILIES.get(kind), []):
            data = ipaddress.ip_address(address).packed
            records.append(wire(name) + struct.pack('>HHIH', kind, 1, step.get('ttl', 60), len(data)) + data)
        return records

    def answer(self, packet, asked, name, kind, step):
        code = 'NXDOMAIN' if step is None else step.get('rcode')
        if isinstance(code, dict):
            code = code.get(FAMILIES.get(kind))
        records = [] if code else self.records(name, kind, step)
        # QR and RA, the question's RD, the code: RFC 1035 section 4.1.1.
        flags = 0x8080 | (packet[2] & 1) << 8 | CODES.get(code, 0)
        return packet[:2] + struct.pack('>HHHHH', flags, 1, len(records), 0, 0) + asked + b''.join(records)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--script')
    args = parser.parse_args()
    script = {}
    if args.script:
        with open(args.script, encoding='utf-8') as f:
            script = json.load(f)
    with Nameserver(script) as server:
        print(json.dumps({'dns': server.port}), flush=True)
        for line in sys.stdin:
            with server.lock:
                server.script.update(json.loads(line))
                print(json.dumps({'asked': server.asked}), flush=True)


if __name__ == '__main__':
    main()
