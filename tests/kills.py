"""kills.py VIGIE [--long] [--kills 10] [--redis-kills 3] [--seconds 20] [--feeds 100] [--rate 20] [--json]

Kills vigie and redis-server (kill -9) at random moments under load, and counts what was lost, what
came twice and under how many ids: tests/bench/load.py with kills. --long: 200 kills of vigie and 30
of redis-server over seven minutes, 500 feeds. Exit status 0: nothing was lost, no item has two
ids, at most one extra copy a kill and receiver; with --long at most 1 % extra copies in all.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'bench'))
import load  # noqa: E402
from world import command  # noqa: E402

LONG = {'kills': 200, 'redis_kills': 30, 'seconds': 420, 'feeds': 500, 'rate': 20}


def measure(options, lab):
    if options.long:
        vars(options).update(LONG)
    report, wrong = load.measure(options, lab)
    for receiver in load.RECEIVERS:
        if options.long and report[f'{receiver}_extra'] > report['matching'] / 100:
            wrong.append(f'{receiver} got {report[f"{receiver}_extra"]} extra copies of {report["matching"]}, more than 1 %')
    return report, wrong


ARGUMENTS = [('long', bool, False), ('kills', int, 10), ('redis-kills', int, 3), ('seconds', float, 20), ('feeds', int, 100),
             ('rate', float, 20)]

if __name__ == '__main__':
    sys.exit(command(__doc__, ARGUMENTS, measure))
