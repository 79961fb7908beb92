"""drive.py: a connector's pure doors against a stand-in: the program walk-network says which request comes next, this
module makes it by HTTP, and gives the answer back."""
import http.client
import json
import os
import subprocess
import urllib.parse
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
VIGIE = os.environ.get('VIGIE') or os.path.join(HERE, '../../../build/daemon/vigie')
WALK = os.path.join(os.path.dirname(VIGIE), '../tests/e2e/walk-network')
NOW = 1772438400  # 2026-03-02T08:00:00Z


@dataclass
class Walked:
    items: list = field(default_factory=list)
    tombstones: list = field(default_factory=list)
    aliases: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)
    pauses: list = field(default_factory=list)
    lost: int = 0
    bounded: bool = False
    more: bool = False
    tokens: list = field(default_factory=list)
    entry: dict = None

    @property
    def ids(self):
        return [i['id'] for i in self.items]


def fetch(base, request):
    """One request over HTTP. It must go to the stand-in and nowhere else."""
    url = urllib.parse.urlsplit(request['url'])
    assert request['url'].startswith(base + '/') or request['url'] == base, request['url']
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    target = url.path + ('?' + url.query if url.query else '')
    c.request(request['method'], target or '/', body=request['body'].encode() or None, headers=dict(request['headers']))
    r = c.getresponse()
    answer = {'status': r.status, 'headers': r.getheaders(), 'body': r.read().decode()}
    c.close()
    return answer


def walk(base, network, ask, folder, variables=(), secrets=(), terms=('tea pot', 'Kettle'), since=None, steps=None,
         now=NOW):
    """One round, or so many steps of it. State and token live on in the folder."""
    args = [WALK, network, ask, '--base', base, '--now', str(now)]
    for name, pairs in (('--var', variables), ('--secret', secrets)):
        for k, v in dict(pairs).items():
            args += [name, f'{k}={v}']
    for t in terms:
        args += ['--term', t]
    if since is not None:
        args += ['--since', str(since)]
    if steps:
        args += ['--steps', str(steps)]
    env = dict(os.environ, WALK_STATE=str(folder / 'state'), WALK_TOKEN=str(folder / 'token'))
    done, made = Walked(), 0
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True) as p:
        for line in p.stdout:
            o = json.loads(line)
            if 'request' in o:
                made += 1
                assert made < 100, 'it asks for ever'
                p.stdin.write(json.dumps({**fetch(base, o['request']), 'now': now}) + '\n')
                p.stdin.flush()
            elif 'token' in o:
                done.tokens.append(o)
            elif 'entry' in o:
                done.entry = o
            else:
                take(done, o['taken'])
    assert p.returncode == 0, p.returncode
    return done


def take(done, taken):
    done.items += taken['items']
    done.tombstones += taken['tombstones']
    done.aliases.update(taken['aliases'])
    if taken['error']:
        done.errors.append((taken['error'], taken['retry_after_s']))
    done.pauses.append(taken['pause_s'])
    done.lost += taken['lost']
    done.bounded = taken['bounded']
    done.more = taken['more']
