"""A full disk: said once, healed by itself, and nothing is lost. Needs root, for a disk of its own."""
import os
import subprocess
import time

import pytest

from lab import item

CONFIG = """
rules:
  - {id: acme, query: acme}
sources:
  - {id: paper, url: '@BASE@/feed/paper', every: 1s}
receivers:
  - {id: hook, webhook: {url: '@BASE@/hook/hook', secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXMgb2s='}}
routes: {receiver: hook, group_by: [mention]}
"""


@pytest.fixture
def small_disk(lab):
    os.makedirs(lab.state, exist_ok=True)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', lab.state]).returncode:
        pytest.skip('mounting a disk of its own needs root')
    yield lab.state
    lab.stop()
    subprocess.run(['umount', lab.state], check=True)


def fill(folder):
    """Leaves no byte free; returns the file to remove."""
    path = os.path.join(folder, 'filler')
    with open(path, 'wb') as f:
        try:
            while True:
                f.write(b'x' * 65536)
                f.flush()
        except OSError:
            pass
    with open(path, 'ab', buffering=0) as f:
        try:
            while True:
                f.write(b'x')
        except OSError:
            pass
    return path


def test_a_full_disk_is_said_and_heals(lab, small_disk):
    items = [item(0, 'Acme number 0;')]
    lab.feed('paper', items)
    lab.config(CONFIG)
    lab.start()
    lab.wait_hook(lambda p: 'number 0;' in p.text)
    filler = fill(small_disk)
    for n in range(1, 6):
        items.append(item(n, f'Acme number {n};', 'text ' * 2000))
    asked = len(lab.paths['/feed/paper'].asked)
    lab.feed('paper', items)
    lab.wait(lambda: len(lab.paths['/feed/paper'].asked) >= asked + 1, 'a poll')
    said = lab.wait(lambda: lab.status()['trouble'], 'the trouble to be said')
    assert said
    os.remove(filler)
    lab.wait(lambda: all(any(f'number {n};' in p.text for p in lab.posts) for n in range(6)), 'every item', deadline=60)
    lab.wait(lambda: not lab.status()['trouble'], 'the trouble to end', deadline=60)
    assert lab.child.poll() is None
