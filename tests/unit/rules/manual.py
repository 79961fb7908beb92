"""manual.py VIGIE MANUAL.scd: every example of the manual that is a rule file is read, tested and
found free of doubts.
"""
import re
import subprocess
import sys
import tempfile

vigie, manual = sys.argv[1:]
blocks = re.findall(r'^```\n(.*?)^```$', open(manual, encoding='utf-8').read(), re.S | re.M)
examples = [b for b in blocks if re.search(r'^rules:', b, re.M)]
assert examples, 'the manual has no example'
bad = 0
for example in examples:
    with tempfile.NamedTemporaryFile('w', suffix='.yaml', encoding='utf-8') as f:
        f.write(example.replace('\\\\', '\\'))  # as scdoc prints it
        f.flush()
        for command in ('test', 'lint'):
            done = subprocess.run([vigie, 'rules', command, f.name], capture_output=True, text=True)
            if done.returncode:
                bad += 1
                print(f'{command} of\n{example}{done.stdout}{done.stderr}')
print(f'{len(examples)} examples, {bad} bad')
sys.exit(bad > 0)
