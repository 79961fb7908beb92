#!/usr/bin/env python3
"""mailbox: an SMTP server on loopback that keeps what it is given (aiosmtpd).

    mailbox.py [--tls] [--login USER:PASSWORD [--login-plain]] [--refuse ADDRESS]… [--answer REPLY]
               [--mute] [--stay] [--slow SECONDS]

It listens on free ports of 127.0.0.1 and then prints one line of JSON to standard output:

    {"smtp": 40001, "smtps": 40002, "ca": "/tmp/…/ca.pem"}

"smtps" and "ca" with --tls, which also offers STARTTLS on "smtp". Then each message taken is one
line of JSON: from, to (those not refused), message, hello, user, tls, peer (the port the connection
came from). --login: AUTH is required, and offered only under TLS unless --login-plain. --refuse: such
recipients get 550. --answer: the reply to each message, instead of 250. --mute: connections are
accepted and nothing is ever said. --stay: QUIT is not answered. --slow: how long it
looks at each message before it answers. It ends when its standard input does.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import ssl
import sys
import tempfile
import warnings

# That AUTH may go without TLS is what some of the tests are about.
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from origin import make_authority  # noqa: E402


def say(what):
    print(json.dumps(what), flush=True)


class Keeper:
    def __init__(self, refuse, answer, stay, slow):
        self.refuse, self.answer, self.stay, self.slow = refuse, answer, stay, slow

    async def handle_QUIT(self, server, session, envelope):
        if self.stay:
            await asyncio.sleep(3600)
        return "221 Bye"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        login = session.auth_data
        await asyncio.sleep(self.slow)
        say({"from": envelope.mail_from, "to": envelope.rcpt_tos,
             "message": envelope.content.decode("utf-8", "replace"), "hello": session.host_name,
             "user": login.login.decode() if login else None, "tls": session.ssl is not None or
             isinstance(server.transport.get_extra_info("sslcontext"), ssl.SSLContext),
             "peer": session.peer[1]})
        return self.answer


class Mute(asyncio.Protocol):
    pass


async def serve(args, folder):
    loop = asyncio.get_running_loop()
    ports, context = {}, None
    if args.tls:
        ca, cert, key = make_authority(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        ports["ca"] = ca

    def authenticate(server, session, envelope, mechanism, data):
        known = isinstance(data, LoginPassword) and args.login == "%s:%s" % (
            data.login.decode(), data.password.decode())
        return AuthResult(success=known, handled=known, auth_data=data if known else None)

    def protocol(starttls):
        if args.mute:
            return Mute()
        return SMTP(Keeper(args.refuse, args.answer, args.stay, args.slow), hostname="mailbox.test", loop=loop,
                    enable_SMTPUTF8=True, tls_context=context if starttls else None,
                    authenticator=authenticate if args.login else None,
                    auth_required=bool(args.login),
                    auth_require_tls=starttls and not args.login_plain)

    plain = await loop.create_server(lambda: protocol(True), "127.0.0.1", 0)
    ports["smtp"] = plain.sockets[0].getsockname()[1]
    if context:
        wrapped = await loop.create_server(lambda: protocol(False), "127.0.0.1", 0, ssl=context)
        ports["smtps"] = wrapped.sockets[0].getsockname()[1]
    say(ports)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--login")
    parser.add_argument("--login-plain", action="store_true")
    parser.add_argument("--refuse", action="append", default=[])
    parser.add_argument("--answer", default="250 2.0.0 taken")
    parser.add_argument("--mute", action="store_true")
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--slow", type=float, default=0)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="mailbox-")
    try:
        asyncio.run(serve(args, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # connections that are still open must not keep us


if __name__ == "__main__":
    main()
