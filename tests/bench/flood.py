"""flood.py VIGIE [--hits 20000] [--over 10] [--feeds 200] [--json]

HITS matching items are published within OVER seconds, and told in groups (by source, at most 1000
mentions each) to a web hook. Prints when the first message came after its group had waited, how
many mentions the messages and the ledger count, how much memory it took, and how long the loop kept
others waiting.
"""
import glob
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import Probe, World, command, longest_step, rss_kib, wrong_of  # noqa: E402

WAIT_S = 2
TAIL = f"""
receivers: [{{id: hook, webhook: {{url: '@BASE@/hook/hook'}}}}]
routes: {{receiver: hook, group_by: [source], group_wait: {WAIT_S}s, group_interval: 0s}}
"""
MEMORY_KIB = 512 * 1024


def in_ledger(lab):
    path, = glob.glob(os.path.join(lab.state, 'archive.*'))[:1]
    with sqlite3.connect(f'file:{path}?mode=ro', uri=True) as db:
        return db.execute("SELECT count(*), count(DISTINCT key) FROM outcomes WHERE outcome = 'sent'").fetchone()


def measure(options, lab):
    # Each feed shows all it ever had: what is not read in time is not gone from it.
    world = World(lab, options.feeds, shown=options.hits)
    lab.config(world.config(TAIL, rules=0))
    lab.start()
    before, peak = rss_kib(lab.child.pid), 0
    probe = Probe(lab)
    begin = time.monotonic()
    rounds = 10
    for k in range(rounds):
        for i in range(options.feeds):
            for _ in range(options.hits // options.feeds // rounds):
                world.add(i, True)
            world.refresh(i)
        while time.monotonic() - begin < (k + 1) * options.over / rounds:
            peak = max(peak, rss_kib(lab.child.pid))
            time.sleep(0.05)
    published = time.monotonic() - begin

    def counted():
        return sum({p.headers['webhook-id']: p.json['data']['group']['count'] for p in list(lab.posts)}.values())
    end = time.monotonic() + 180
    while counted() < world.n and time.monotonic() < end:
        peak = max(peak, rss_kib(lab.child.pid))
        time.sleep(0.2)
    told = time.monotonic() - begin
    loop = {**probe.stop(), **longest_step(lab)}
    while in_ledger(lab)[0] < world.n and time.monotonic() < end:
        time.sleep(0.2)
    rows, keys = in_ledger(lab)
    ids = [p.headers['webhook-id'] for p in lab.posts]
    report = {'hits': world.n, 'published_in_s': round(published, 1), 'messages': len(ids), 'extra': len(ids) - len(set(ids)),
              'lost': world.n - counted(), 'ledger_lost': world.n - keys, 'ledger_twice': rows - keys,
              'first_after_wait_s': round(min((p.at for p in lab.posts), default=float('inf')) - min(world.sent.values()) - WAIT_S, 2),
              'all_told_s': round(told, 1), 'rss_before_kib': before, 'rss_peak_kib': max(peak, rss_kib(lab.child.pid)), **loop}
    lab.stop()
    return report, wrong_of(report, zero=['lost', 'ledger_lost', 'ledger_twice', 'extra'],
                            most=[('first_after_wait_s', 5), ('rss_peak_kib', MEMORY_KIB)])


if __name__ == '__main__':
    sys.exit(command(__doc__, [('hits', int, 20000), ('over', float, 10), ('feeds', int, 200)], measure))
