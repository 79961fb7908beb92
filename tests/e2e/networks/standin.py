"""standin.py: a network on loopback that behaves as a table says.

A stand-in is a list of routes. A route says what it demands of a request and what it answers:

    Route('GET /2/tweets/search/recent',
          header={'Authorization': 'Bearer AT'},          # demanded; a regular expression may stand as re.compile(…)
          query={'query': '"tea pot"'},                    # the same; None: must not be there
          by=('query', 'next_token'),                      # which part of the request chooses the answer
          answers={None: page1, 'b2': page2},              # None: the part is missing
          before=[Answer(429, {...}, {'Retry-After': '7'})])   # given first, once each

An answer is anything JSON can say (200, application/json), a str (200, text/html unless it looks like XML), or an
Answer. `{base}` in strings becomes the stand-in's own address. In a path, `*` stands for one part of it. Whatever a
request lacks is answered 400 and kept in `complaints`; every request is kept in `requests`.

    with Standin(routes) as s: s.base, s.requests, s.complaints
"""
import base64
import json
import re
import threading
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    status: int = 200
    body: object = ''
    headers: dict = field(default_factory=dict)


@dataclass
class Route:
    where: str
    header: dict = field(default_factory=dict)
    query: dict = field(default_factory=dict)
    form: dict = field(default_factory=dict)
    json: dict = field(default_factory=dict)
    by: tuple = None
    answers: dict = field(default_factory=dict)
    before: list = field(default_factory=list)

    def matches(self, method, path):
        own_method, own_path = self.where.split(' ')
        pattern = '/'.join('[^/]+' if p == '*' else re.escape(p) for p in own_path.split('/'))
        return method == own_method and re.fullmatch(pattern, path)


def basic(user, password):
    return 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()


def pointer(value, name):
    """a/b/0 of a JSON value; None when it is not there."""
    for part in name.split('/'):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def agrees(wanted, got):
    if hasattr(wanted, 'search'):
        return got is not None and wanted.search(str(got))
    if isinstance(wanted, list):
        return got == wanted
    return wanted == got


class Standin:
    def __init__(self, routes):
        self.routes = routes
        self.waiting = {id(r): list(r.before) for r in routes}
        self.requests, self.complaints = [], []
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def serve(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
                a = standin.answer(self.command, self.path, self.headers, body)
                data = standin.bytes_of(a)
                self.send_response_only(a.status)
                names = {n.lower() for n in a.headers}
                if 'content-type' not in names:
                    self.send_header('Content-Type', standin.type_of(a.body))
                for name, value in a.headers.items():
                    self.send_header(name, standin.fill(value))
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = serve

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.base = 'http://127.0.0.1:%d' % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def fill(self, s):
        return s.replace('{base}', getattr(self, 'base', ''))

    def type_of(self, body):
        if not isinstance(body, str):
            return 'application/json'
        return 'application/xml' if body.lstrip().startswith('<?xml') else 'text/html; charset=utf-8'

    def bytes_of(self, a):
        text = a.body if isinstance(a.body, str) else json.dumps(a.body, ensure_ascii=False)
        return self.fill(text).encode()

    def answer(self, method, target, headers, body):
        path, _, raw = target.partition('?')
        # Some boards separate by ";".
        query = urllib.parse.parse_qs(raw.replace(';', '&') if ';' in raw and '&' not in raw else raw,
                                      keep_blank_values=True)
        query = {k: v[0] if len(v) == 1 else v for k, v in query.items()}
        kind = headers.get('Content-Type', '')
        try:
            parsed = json.loads(body) if 'json' in kind else None
        except ValueError:
            parsed = None
        form = dict(urllib.parse.parse_qsl(body)) if 'x-www-form-urlencoded' in kind else {}
        parts = {'header': dict((k.lower(), v) for k, v in headers.items()), 'query': query, 'form': form,
                 'json': parsed, 'path': urllib.parse.unquote(path)}
        self.requests.append({'method': method, 'target': target, 'path': path, **parts})
        for route in self.routes:
            if route.matches(method, path):
                return self.by_route(route, parts, target)
        self.complaints.append(f'nobody lives at {method} {target}')
        return Answer(404, {'error': 'not found'})

    def by_route(self, route, parts, target):
        for group in ('header', 'query', 'form', 'json'):
            for name, wanted in getattr(route, group).items():
                got = pointer(parts['json'], name) if group == 'json' else \
                    parts[group].get(name.lower() if group == 'header' else name)
                if not agrees(wanted, got):
                    why = f'{target}: {group} {name}: want {wanted!r}, got {got!r}'
                    self.complaints.append(why)
                    return Answer(400, {'error': 'bad_request', 'message': why})
        if self.waiting[id(route)]:
            return self.as_answer(self.waiting[id(route)].pop(0))
        chosen = None
        if route.by:
            group, name = route.by
            chosen = parts['path'].split('/')[name] if group == 'path' else \
                pointer(parts['json'], name) if group == 'json' else parts[group].get(name)
        if chosen not in route.answers:
            self.complaints.append(f'{target}: {route.by} {chosen!r} chooses no answer')
            return Answer(400, {'error': 'bad_request'})
        return self.as_answer(route.answers[chosen])

    @staticmethod
    def as_answer(value):
        return value if isinstance(value, Answer) else Answer(body=value)
