"""The kill test in its short form; tests/kills.py --long is the long one."""
import json
import os
import subprocess
import sys

import lab as lab_module

KILLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'kills.py')


def test_ten_kills_of_vigie_and_three_of_redis_under_load():
    done = subprocess.run([sys.executable, KILLS, lab_module.VIGIE, '--json'], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report['kills'] == 10 and report['redis_kills'] == 3 and report['matching'] == 100
    assert report['hook_lost'] == report['mail_lost'] == report['other_id'] == 0
