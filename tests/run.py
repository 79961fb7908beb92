"""run.py [NAME]: builds and runs every suite, and counts.

1. gcc with AddressSanitizer and UndefinedBehaviorSanitizer, warnings as errors (build-test);
2. clang, warnings as errors (build-clang): it must build; and each reader of outside bytes is fuzzed for
   a few seconds from a fixed seed (tests/fuzz/run.py, build-fuzz, which also runs them longer and from others);
3. meson's tests (unit, fuzz corpora, rules of the house) in build-test;
4. pytest over tests/e2e: the daemon with a real Redis, real HTTP and a real SMTP server.

Progress goes to standard error as it comes; a failure prints its log. The last line on standard
output is "N passed, N failed, N skipped".
"""
import json
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FUZZ_SECONDS = 3
FUZZ_SEED = 1
count = {'passed': 0, 'failed': 0, 'skipped': 0}


def say(text):
    print(f'==> {text}', file=sys.stderr, flush=True)


def outcome(kind, name, log=''):
    count[kind] += 1
    if kind == 'failed':
        print(f'FAILED {name}\n{log}', flush=True)


def build(folder, compiler, *options):
    """Sets up (once) and builds; True when it worked."""
    path = os.path.join(TOP, folder)
    env = dict(os.environ, CC=compiler)
    start = time.monotonic()
    steps = [] if os.path.exists(os.path.join(path, 'build.ninja')) else [
        ['meson', 'setup', path, TOP, '--werror', *options]]
    for step in steps + [['ninja', '-C', path]]:
        done = subprocess.run(step, env=env, capture_output=True, text=True)
        if done.returncode:
            outcome('failed', f'build with {compiler}', (done.stdout + done.stderr)[-6000:])
            return False
    outcome('passed', f'build with {compiler}')
    say(f'{compiler} built in {time.monotonic() - start:.0f} s')
    return True


def meson_tests(folder, only):
    """Runs meson's tests two at a time; cmocka and TAP programs count as one test each."""
    path = os.path.join(TOP, folder)
    listed = subprocess.run(['meson', 'test', '-C', path, '--list'], capture_output=True, text=True)
    names = [line.split(' / ')[-1].strip() for line in listed.stdout.splitlines()
             if line and not line.startswith('ninja:')]
    chosen = [name for name in names if only in name]
    if not chosen:
        return
    say(f'{len(chosen)} test programs')
    log = os.path.join(path, 'meson-logs', 'testlog.json')
    if os.path.exists(log):
        os.remove(log)
    subprocess.run(['meson', 'test', '-C', path, '--no-rebuild', '--num-processes', '2', *sorted(set(chosen))],
                   stdout=sys.stderr, env=dict(os.environ, ASAN_OPTIONS='detect_leaks=1:abort_on_error=0'))
    if not os.path.exists(log):
        outcome('failed', 'meson test wrote no log')
        return
    with open(log, encoding='utf-8') as lines:
        for line in lines:
            test = json.loads(line)
            kind = {'OK': 'passed', 'SKIP': 'skipped', 'EXPECTEDFAIL': 'passed'}.get(test['result'], 'failed')
            outcome(kind, test['name'], (test.get('stdout', '') + test.get('stderr', ''))[-6000:])


def find_of(printed, name):
    """What one target printed, from its own line to the next target's."""
    return re.split(r'^fuzz-', printed.partition(f'{name} ')[2], maxsplit=1, flags=re.M)[0]


def fuzz(folder):
    """Each reader of outside bytes for FUZZ_SECONDS; one target counts as one test."""
    say(f'fuzzing, {FUZZ_SECONDS} s each')
    done = subprocess.run([sys.executable, os.path.join(TOP, 'tests', 'fuzz', 'run.py'), os.path.join(TOP, folder),
                           '--seconds', str(FUZZ_SECONDS), '--seed', str(FUZZ_SEED)], capture_output=True, text=True)
    found = re.findall(r'^(fuzz-\S+) +[\d,]+ inputs, (no find|A FIND)', done.stdout, re.M)
    for name, how in found:
        outcome('passed' if how == 'no find' else 'failed', name, '' if how == 'no find' else find_of(done.stdout, name))
    if not found:
        outcome('failed', 'fuzzing', (done.stdout + done.stderr)[-6000:])
    say(done.stdout.strip().rpartition('\n')[2])


def end_to_end(folder, only):
    """pytest over tests/e2e, with the sanitized daemon."""
    say('end-to-end tests')
    report = os.path.join(TOP, folder, 'e2e.xml')
    command = ['/usr/bin/python3', '-m', 'pytest', '-q', '-x' if os.environ.get('FAIL_FAST') else '-q',
               '--junit-xml', report, '-p', 'no:cacheprovider', os.path.join(TOP, 'tests', 'e2e')]
    if only:
        command += ['-k', only]
    done = subprocess.run(command, stdout=sys.stderr,
                          env=dict(os.environ, VIGIE=os.path.join(TOP, folder, 'daemon', 'vigie'),
                                   PYTHONDONTWRITEBYTECODE='1'))
    if done.returncode not in (0, 1, 5) or not os.path.exists(report):
        outcome('failed', f'pytest ended with status {done.returncode}')
        return
    text = open(report, encoding='utf-8').read()
    numbers = {key: int(value) for key, value in
               re.findall(r'\b(tests|failures|errors|skipped)="(\d+)"', text.split('<testsuite ', 1)[1].split('>', 1)[0])}
    bad = numbers['failures'] + numbers['errors']
    count['failed'] += bad
    count['skipped'] += numbers['skipped']
    count['passed'] += numbers['tests'] - bad - numbers['skipped']


def main():
    only = sys.argv[1] if len(sys.argv) > 1 else ''
    say('building with gcc and the sanitizers')
    if build('build-test', 'gcc', '-Db_sanitize=address,undefined', '-Dbuildtype=debugoptimized'):
        meson_tests('build-test', only)
        end_to_end('build-test', only)
    if not only:
        say('building with clang')
        if build('build-clang', 'clang', '-Dbuildtype=debugoptimized'):
            fuzz('build-fuzz')
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count['failed'] or not count['passed'] else 0


sys.exit(main())
