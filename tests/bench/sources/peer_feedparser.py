"""peer_feedparser.py FILE: how many megabytes of this feed feedparser reads in one processor second
(the best of two rounds), as one number; "missing" where it isn't installed (python3-feedparser)."""
import sys
import time

try:
    import feedparser
except ImportError:
    sys.exit(print('missing'))


def round_s(data):
    began = time.process_time()
    if not feedparser.parse(data).entries:
        sys.exit('feedparser found no items')
    return time.process_time() - began


with open(sys.argv[1], 'rb') as f:
    content = f.read()
print(len(content) / 1e6 / min(round_s(content) for _ in range(2)))
