"""The first minute: the bundled world, and `vigie watch` against stand-ins of the open networks."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

from lab import VIGIE, item, rss

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def test_the_bundled_world_shows_mentions_slack_and_mail(lab):
    world = subprocess.Popen([sys.executable, os.path.join(TOP, 'tests/world/world.py'), VIGIE], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, start_new_session=True,
                             # a shell's job in the background is started with Ctrl-C ignored
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                             env=dict(os.environ, VIGIE_WORLD_SECONDS='60'))
    text, start = '', time.monotonic()
    wanted = ['Slack would get this POST', 'an e-mail to direction@brevent.example', '"blocks"',
              'Retour SAV [Brévent]', '[Brévent] rappelle 4 000 cordes', 'check your [Brévent] rope now']
    for line in world.stdout:
        text += line
        if all(w in text for w in wanted):
            break
        assert time.monotonic() - start < 30, text
    took = time.monotonic() - start
    world.send_signal(signal.SIGINT)
    world.communicate(timeout=20)
    assert took < 20, took
    assert 'rouvre samedi' not in text, 'the mountain is not the brand'


def test_watch_asks_the_open_networks_and_prints_mentions(lab):
    """Each network's base is sent to a stand-in that answers a search with a feed."""
    asked = []

    class Stand(dict):
        def get(self, target, default=None):
            asked.append(target)
            from lab import Path
            return Path(body=rss([item('w-1', 'Lumora <b>opens</b> in Lyon', 'Lumora \x1b[31mtoday')]),
                        headers={'Content-Type': 'application/rss+xml'})
    lab.paths = Stand()
    child = subprocess.Popen([VIGIE, 'watch', '--state', lab.state, '--allow', '127.0.0.0/8', '--base', f'googlenews={lab.url("")}',
                              '--slack', lab.url('/hook/slack'), 'Lumora'], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, start_new_session=True)
    text, start = '', time.monotonic()
    for line in child.stdout:
        text += line
        if 'Lyon' in text and 'today' in text:
            break
        assert time.monotonic() - start < 30, text
    lab.wait_hook(lambda p: p.name == 'slack' and 'Lumora' in p.text)
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0
    assert '[Lumora]' in text and '\x1b' not in text
    queries = [parse_qs(urlsplit(a).query) for a in asked]
    assert any('Lumora' in json.dumps(q) for q in queries), asked
