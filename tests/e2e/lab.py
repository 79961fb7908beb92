"""lab.py: what an end-to-end test needs around a real vigie.

    with Lab(tmp) as lab:
        lab.feed('a', items=[item('1', 'Acme opens', 'text')])      # http://127.0.0.1:PORT/feed/a
        lab.start(lab.config(rules=..., receivers=...))             # vigie run, with its private Redis
        hook = lab.wait_hook(lambda h: 'Acme' in h.text)            # a POST that arrived at /hook/NAME
        lab.kill(); lab.start()                                     # kill -9, and again

Everything listens on ephemeral loopback ports; waiting is for events, with a deadline. What was
started is stopped by pid when the lab closes.
"""
import asyncio
import email
import email.policy
import email.utils
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

VIGIE = os.environ.get('VIGIE') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../build/daemon/vigie')
DEADLINE = float(os.environ.get('LAB_DEADLINE', '30'))


def vigie(*args, check=True, timeout=60):
    """A command of vigie without a lab."""
    return subprocess.run([VIGIE, *map(str, args)], capture_output=True, text=True, check=check, timeout=timeout)


def fill_archive(state, mentions):
    """Puts mentions (as `vigie export` prints them) into the archive of a state folder."""
    program = os.path.join(os.path.dirname(VIGIE), '../tests/e2e/fill-archive')
    lines = ''.join(json.dumps(m) + '\n' for m in mentions)
    subprocess.run([program, str(state)], input=lines, text=True, check=True)


def item(guid, title, text='', url=None, published=None, author=None):
    """One RSS item. Title and text are what a reader shall see: escaped once for HTML, once for XML.
    published is seconds from now (default: now); None as guid leaves it out."""
    when = email.utils.formatdate(time.time() + (published or 0), usegmt=True)
    parts = [f'<title>{escape(escape(title))}</title>', f'<description>{escape(escape(text))}</description>',
             f'<link>{escape(url or "https://site.example/" + str(guid))}</link>', f'<pubDate>{when}</pubDate>']
    if guid is not None:
        parts.append(f'<guid isPermaLink="false">{escape(str(guid))}</guid>')
    if author:
        parts.append(f'<author>{escape(author)}</author>')
    return '<item>' + ''.join(parts) + '</item>'


def rss(items, title='A feed', lang='en'):
    return (f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{escape(title)}</title>'
            f'<link>https://site.example/</link><language>{lang}</language>{"".join(items)}</channel></rss>').encode()


@dataclass
class Post:
    """A request that arrived at a receiver."""
    name: str
    path: str
    headers: dict
    body: bytes
    at: float
    method: str = 'POST'

    @property
    def text(self):
        return self.body.decode('utf-8', 'replace')

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Mail:
    sender: str
    to: list
    raw: bytes
    at: float
    login: str = ''

    @property
    def message(self):
        return email.message_from_bytes(self.raw, policy=email.policy.default)


@dataclass
class Path:
    """What the origin answers: body (bytes, or a function of nothing), status, headers."""
    body: object = b''
    status: int = 200
    headers: dict = field(default_factory=dict)
    delay: float = 0
    asked: list = field(default_factory=list)  # (time, headers) of each request


class Lab:
    def __init__(self, folder, also=()):
        """also: further loopback addresses to serve on, at the same port: other sites."""
        self.also = also
        self.folder = str(folder)
        self.state = os.path.join(self.folder, 'state')
        self.config_path = os.path.join(self.folder, 'vigie.yaml')
        self.paths = {}
        self.network = None      # function(method, target, headers, body) -> (status, headers, body), or None: not its own
        self.posts = []
        self.mails = []
        self.said = []           # to mail servers
        self.hook_answers = {}   # name -> function(post) -> (status, headers, body), status 'reset' or 'half', or None to hang
        self.log = []
        self.child = None
        self.news = threading.Condition()
        self.loop = asyncio.new_event_loop()
        self.port = None
        self.smtp_port = None

    # --- the world ----------------------------------------------------------------------------

    def __enter__(self):
        ready = threading.Event()

        async def serve():
            server = await asyncio.start_server(self.serve, '127.0.0.1', 0, backlog=1024)
            self.port = server.sockets[0].getsockname()[1]
            for address in self.also:
                await asyncio.start_server(self.serve, address, self.port, backlog=1024)

        def run():
            asyncio.set_event_loop(self.loop)
            self.loop.run_until_complete(serve())
            # From inside of run_forever(): a stop that came before it would be forgotten.
            self.loop.call_soon(ready.set)
            self.loop.run_forever()
            left = asyncio.all_tasks(self.loop)  # those that hang
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        ready.wait()
        return self

    def __exit__(self, *_):
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b'\r\n\r\n')
                lines = head.decode('latin-1').split('\r\n')
                method, target, _ = lines[0].split(' ', 2)
                headers = {k.strip().lower(): v.strip() for k, v in (l.split(':', 1) for l in lines[1:] if ':' in l)}
                body = b''
                if headers.get('expect'):
                    writer.write(b'HTTP/1.1 100 Continue\r\n\r\n')
                if headers.get('content-length'):
                    body = await reader.readexactly(int(headers['content-length']))
                status, more, answer = await self.answer(method, target, headers, body)
                if status is None:
                    await asyncio.sleep(3600)
                if status == 'reset':
                    writer.transport.abort()
                    break
                if status == 'half':  # of a status line
                    writer.write(b'HTTP/1.1 2')
                    await writer.drain()
                    break
                more = {'Content-Length': len(answer), **more}
                writer.write((f'HTTP/1.1 {status} X\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in more.items() if v is not None) +
                              '\r\n').encode('latin-1') + answer)
                await writer.drain()
                if more.get('Connection') == 'close':
                    break
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def answer(self, method, target, headers, body):
        if target.startswith('/hook/'):
            post = Post(target.split('/')[2].split('?')[0], target, headers, body, time.time(), method)
            behaviour = self.hook_answers.get(post.name)
            result = behaviour(post) if behaviour else (200, {}, b'ok')
            with self.news:
                self.posts.append(post)
                self.news.notify_all()
            return result if result else (None, {}, b'')
        if self.network:
            reply = self.network(method, target, headers, body)
            if reply:
                with self.news:
                    self.news.notify_all()
                return reply
        path = self.paths.get(target)
        if not path:
            return 404, {}, b'nothing here'
        path.asked.append((time.time(), headers))
        with self.news:
            self.news.notify_all()
        if path.delay:
            await asyncio.sleep(path.delay)
        answer = path.body() if callable(path.body) else path.body
        more = dict(path.headers)
        etag = more.get('ETag')
        if etag and headers.get('if-none-match') == etag:
            return 304, {'ETag': etag, 'Content-Length': None}, b''
        return path.status, more, answer

    def url(self, path):
        return f'http://127.0.0.1:{self.port}{path}'

    def feed(self, name, items=(), **more):
        """Sets what /feed/NAME answers; returns its Path."""
        path = self.paths.setdefault(f'/feed/{name}', Path())
        path.headers = {'Content-Type': 'application/rss+xml', **more.pop('headers', {})}
        path.body = rss(items)
        for key, value in more.items():
            setattr(path, key, value)
        return path

    def listen(self, protocol=None, address='127.0.0.1', port=0, tls=None):
        """Serves what `protocol()` makes, or HTTP as at `port`, at another port; returns the server. tls: an ssl.SSLContext."""
        async def begin():
            if protocol:
                return await self.loop.create_server(protocol, address, port, ssl=tls)
            return await asyncio.start_server(self.serve, address, port, ssl=tls, backlog=1024)
        server = asyncio.run_coroutine_threadsafe(begin(), self.loop).result(10)
        server.port = server.sockets[0].getsockname()[1]
        return server

    def mail_server(self, address='127.0.0.1', tls=None, data=None, mute=0, **options):
        """A real SMTP server; its port is in smtp_port. `mute`: the first connections are never spoken to; data: what it
        says to the nth message, from 0 (None: nothing, ever); tls: from the start. options: those of aiosmtpd's SMTP, and
        refuse. What it was told is in `said`: (port, under TLS?, bytes)."""
        from aiosmtpd.smtp import SMTP
        lab, counts = self, {'connections': 0, 'messages': 0}

        class Talk(SMTP):
            def data_received(self, bytes_):
                lab.said.append((server.port, bool(self.transport.get_extra_info('sslcontext')), bytes_))
                super().data_received(bytes_)

        def protocol():
            counts['connections'] += 1
            return asyncio.Protocol() if counts['connections'] <= mute else Talk(Box(), loop=self.loop, **options)

        class Box:
            refuse = options.pop('refuse', {})  # address -> reply, or a function that gives one (None: taken)

            async def handle_RCPT(self, _server, _session, envelope, address, _options):
                reply = self.refuse.get(address)
                reply = reply() if callable(reply) else reply
                if reply:
                    return reply
                envelope.rcpt_tos.append(address)
                return '250 OK'

            async def handle_DATA(self, _server, session, envelope):
                with lab.news:
                    lab.mails.append(Mail(envelope.mail_from, envelope.rcpt_tos, envelope.original_content, time.time(),
                                          str(session.auth_data or '')))
                    lab.news.notify_all()
                counts['messages'] += 1
                reply = data(counts['messages'] - 1) if data else '250 taken'
                if reply is None:
                    await asyncio.sleep(3600)
                return reply
        server = self.listen(protocol, address, tls=tls)
        self.smtp_port = server.port
        return self.smtp_port

    # --- vigie --------------------------------------------------------------------------------

    def config(self, text):
        """Writes the configuration: the given YAML behind what every test needs."""
        head = (f'state: {self.state}\nhttp: {{listen: "127.0.0.1:0"}}\n'
                if 'state:' not in text else '')
        if 'crawl:' not in text:
            head += 'crawl: {spacing: 0s, allow_addresses: [127.0.0.0/8]}\n'
        with open(self.config_path, 'w', encoding='utf-8') as f:
            f.write(head + text.replace('@BASE@', f'http://127.0.0.1:{self.port}').replace('@SMTP@', str(self.smtp_port)))

    def start(self, *more, wait=True, **process):
        """process: what subprocess.Popen() is told besides."""
        self.child = subprocess.Popen([VIGIE, 'run', '-c', self.config_path, *more], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, errors='replace', start_new_session=True, **process)
        seen = len(self.log)

        def read(child):
            for line in child.stdout:
                with self.news:
                    self.log.append(line.rstrip('\n'))
                    self.news.notify_all()
            with self.news:
                self.news.notify_all()
        threading.Thread(target=read, args=(self.child,), daemon=True).start()
        if wait:
            self.wait(lambda: any('run.ready' in line for line in self.log[seen:]) or self.child.poll() is not None,
                      'vigie to be ready')
            assert self.child.poll() is None, 'vigie ended:\n' + '\n'.join(self.log[-30:])
        return self

    def stop(self, deadline=10):
        """SIGTERM; returns the exit status."""
        if not self.child:
            return None
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(deadline)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError('vigie did not end in time:\n' + '\n'.join(self.log[-30:]))
        finally:
            self.child = None

    def kill(self):
        self.child.kill()
        self.child.wait()

    def redis_pid(self):
        """pid of the private redis-server."""
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                line = open(f'/proc/{pid}/cmdline', 'rb').read()
                cwd = os.readlink(f'/proc/{pid}/cwd')
            except OSError:
                continue
            if b'redis-server' in line and os.path.realpath(cwd).startswith(os.path.realpath(self.state)):
                return int(pid)
        return None

    def vigie(self, *args, check=True, timeout=30):
        done = subprocess.run([VIGIE, *args], capture_output=True, text=True, timeout=timeout)
        if check:
            assert done.returncode == 0, f'vigie {" ".join(args)}: {done.returncode}\n{done.stdout}{done.stderr}'
        return done

    def status(self):
        return json.loads(self.vigie('status', '-c', self.config_path, '--json').stdout)

    # --- waiting ------------------------------------------------------------------------------

    def wait(self, what, name='it', deadline=None):
        """Waits until what() is true: looks again at each piece of news, and every 50 ms."""
        end = time.monotonic() + (deadline or DEADLINE)
        with self.news:
            while True:
                found = what()
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f'waited in vain for {name}; the log ends:\n' + '\n'.join(self.log[-40:]))
                self.news.wait(min(left, 0.05))

    def wait_hook(self, which=lambda post: True, deadline=None):
        return self.wait(lambda: next((p for p in self.posts if which(p)), None), 'a post', deadline)

    def wait_mail(self, which=lambda mail: True, deadline=None):
        return self.wait(lambda: next((m for m in self.mails if which(m)), None), 'a mail', deadline)

    def wait_log(self, text, deadline=None):
        return self.wait(lambda: next((l for l in self.log if text in l), None), f'a log line with {text}', deadline)

    def settle(self, count, quiet=0.5):
        """Waits until no new post has come for `quiet` seconds after there were `count`."""
        self.wait(lambda: len(self.posts) >= count, f'{count} posts')
        last = [len(self.posts), time.monotonic()]

        def still():
            if len(self.posts) != last[0]:
                last[:] = [len(self.posts), time.monotonic()]
            return time.monotonic() - last[1] > quiet
        self.wait(still, 'quiet')
        return list(self.posts)
