"""world.py VIGIE: the bundled world behind ./quickstart, with no network.

Serves the feeds of tests/world/feeds over HTTP on loopback (dates made recent, some items only
after a few seconds), takes Slack messages and e-mail like the real services would, runs the real
daemon against all that with its private Redis, and prints what arrives, byte for byte.
Ends on Ctrl-C, or after VIGIE_WORLD_SECONDS.
"""
import asyncio
import datetime
import email
import email.policy
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from aiosmtpd.smtp import SMTP

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {'.rss': 'application/rss+xml', '.atom': 'application/atom+xml', '.rdf': 'application/rdf+xml',
         '.json': 'application/feed+json'}
START = datetime.datetime.now(datetime.timezone.utc)
COLOUR = sys.stdout.isatty() and not os.environ.get('NO_COLOR')
out = threading.Lock()


def frame(title, text):
    """Prints one arrival as a block of its own."""
    on, off = ('\033[1;36m', '\033[0m') if COLOUR else ('', '')
    with out:
        print(f'\n{on}┌─ {title}{off}')
        for line in text.rstrip('\n').split('\n'):
            print(f'{on}│{off} {line}')
        print(f'{on}└─{off}', flush=True)


def tell(path):
    """A feed as it stands now: dates filled in, items of the future left out."""
    age = (datetime.datetime.now(datetime.timezone.utc) - START).total_seconds()
    text = open(path, encoding='utf-8').read()
    text = re.sub(r'\{\{after (\d+)\}\}(.*?)\{\{end\}\}', lambda m: m[2] if age >= int(m[1]) else '', text, flags=re.S)

    def date(match):
        moment = START + datetime.timedelta(minutes=int(match[2]), seconds=int(age) if match[2] == '0' else 0)
        if match[1] == 'rfc822':
            return email.utils.format_datetime(moment)
        return moment.strftime('%Y-%m-%dT%H:%M:%SZ')
    text = re.sub(r'\{\{(rfc822|rfc3339) (-?\d+)\}\}', date, text)
    latin = re.match(r'<\?xml[^>]*ISO-8859-1', text)
    return text.encode('iso-8859-1' if latin else 'utf-8', 'xmlcharrefreplace')


class World(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self, status, body, kind='text/plain'):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        name = os.path.basename(self.path)
        path = os.path.join(HERE, 'feeds', name)
        if not os.path.isfile(path):
            return self.answer(404, b'no such feed')
        return self.answer(200, tell(path), TYPES[os.path.splitext(name)[1]])

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        frame('Slack would get this POST (Block Kit)', json.dumps(json.loads(body), ensure_ascii=False, indent=2))
        self.answer(200, b'ok')

    def log_message(self, *_):
        pass


class Mailbox:
    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        head = '\n'.join(f'{key}: {value}' for key, value in mail.items())
        frame(f'an e-mail to {", ".join(envelope.rcpt_tos)}', f'{head}\n\n{mail.get_body(("plain",)).get_content()}')
        return '250 taken'


CONFIG = """\
# The bundled world: see README, "A first alert".
state: {state}
http: {{listen: '127.0.0.1:0'}}
crawl: {{spacing: 0s, allow_addresses: [127.0.0.0/8]}}
brands:
  - name: Brévent
    query: 'Brévent NOT ("téléphérique" OR "sommet du Brévent")'
    competitors: [Nordalp]
sources:
  - {{id: gazette, url: '{base}/gazette.rss', every: 2s, tags: [press]}}
  - {{id: gear-weekly, url: '{base}/harbour.atom', every: 2s, tags: [blog]}}
  - {{id: forum-grimpe, url: '{base}/forum.rdf', every: 2s, tags: [forum]}}
  - {{id: shop-talk, url: '{base}/shop.json', every: 2s}}
receivers:
  - {{id: team, lang: fr, slack: {{url: '{base}/services/T0/B0/world'}}}}
  - {{id: boss, lang: fr, email: {{to: [direction@brevent.example], from: vigie@brevent.example, smtp: 'smtp://127.0.0.1:{smtp}'}}}}
routes:
  receiver: team
  group_by: [mention]
  routes:
    - {{match: {{kind: competitor}}, receiver: boss, group_by: [rule], group_wait: 3s}}
"""


def main():
    vigie = os.path.abspath(sys.argv[1])
    web = http.server.ThreadingHTTPServer(('127.0.0.1', 0), World)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    mail = asyncio.new_event_loop()
    threading.Thread(target=mail.run_forever, daemon=True).start()
    serving = asyncio.run_coroutine_threadsafe(
        mail.create_server(lambda: SMTP(Mailbox(), loop=mail), '127.0.0.1', 0), mail)
    smtp = serving.result().sockets[0].getsockname()[1]
    folder = tempfile.mkdtemp(prefix='vigie-world-')
    config = os.path.join(folder, 'vigie.yaml')
    with open(config, 'w', encoding='utf-8') as f:
        f.write(CONFIG.format(state=os.path.join(folder, 'state'), base=f'http://127.0.0.1:{web.server_port}', smtp=smtp))
    print(f'A small world on loopback: four feeds about a rope maker named Brévent; configuration in {config}\n'
          'Mentions print as they come; below them, what Slack and the mail server receive. Ctrl-C ends it.', flush=True)
    child = subprocess.Popen([vigie, 'run', '--mentions', '--quiet', '-c', config])
    seconds = float(os.environ.get('VIGIE_WORLD_SECONDS', '0'))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status = 0
    try:
        status = child.wait(timeout=seconds or None)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.send_signal(signal.SIGTERM)
        child.wait()
    mail.call_soon_threadsafe(mail.stop)
    shutil.rmtree(folder, ignore_errors=True)
    return status


sys.exit(main())
