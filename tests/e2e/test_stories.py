"""Stories: copies join as they arrive, and have the same story after any kill."""
import json

from lab import Lab, item

CONFIG = """
rules: [{id: acme, kind: brand, brand: Acme, query: acme}]
sources:
  - {id: one, kind: feed, url: '@BASE@/feed/one', every: 1s}
  - {id: two, kind: feed, url: '@BASE@/feed/two', every: 1s}
"""
TEXT = ('Acme said on Tuesday that it would close its plant in the valley by the end of the year, and move the work of four '
        'hundred people to its sites abroad. The union called the plan a breach of what had been agreed only last spring.')


def mentions(lab):
    done = lab.vigie('export', '--state', lab.state, check=False)
    return {m['id']: m for m in map(json.loads, done.stdout.splitlines())} if done.returncode == 0 else {}


def test_a_copy_has_the_story_of_the_first_whatever_happens(tmp_path):
    with Lab(tmp_path) as lab:
        first = item('a', 'Acme closes its plant in the valley', TEXT, url='https://paper.example/plant')
        lab.feed('one', [first])
        lab.feed('two', [])
        lab.config(CONFIG)
        lab.start()
        lab.wait(lambda: 'a' in mentions(lab), 'the first')
        head = mentions(lab)['a']
        assert head['story'] == {'id': head['key'], 'why': 'head', 'similarity': 1, 'mentions': 1, 'sites': 1}
        lab.kill()
        lab.feed('two', [item('b', 'Plant in the valley: Acme closes', TEXT + ' (agency)', url='https://other.example/1'),
                         item('c', 'Acme wins a prize for its garden', 'The garden of Acme was praised by all who came on Sunday.',
                              url='https://other.example/2')])
        lab.start()
        lab.wait(lambda: {'b', 'c'} <= set(mentions(lab)), 'the copy')
        m = mentions(lab)
        assert m['b']['story']['id'] == head['key'] and m['b']['story']['why'] == 'text' and 0.8 < m['b']['story']['similarity'] < 1
        assert m['a']['story'] == {**head['story'], 'mentions': 2, 'sites': 2}
        assert m['c']['story']['why'] == 'head'
        lab.kill()
        lab.start()
        lab.feed('one', [first, item('d', 'Acme closes its plant in the valley', TEXT, url='https://third.example/x')])
        lab.wait(lambda: 'd' in mentions(lab), 'another copy')
        m = mentions(lab)
        assert m['d']['story']['id'] == head['key'] and m['a']['story']['mentions'] == 3
        assert [x['story']['id'] for x in (m['a'], m['b'], m['c'])] == [head['key'], head['key'], m['c']['key']]
        shown = lab.vigie('search', '--state', lab.state, 'valley').stdout
        assert 'first of 3 of a story on 3 sites' in shown and 'one of 3 of a story on 3 sites' in shown
