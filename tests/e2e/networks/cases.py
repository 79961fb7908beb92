"""cases.py: what a network demands, answers, and what must come of it. The data are made up, in the networks' shapes.

A row is read by test_networks.py: one round of `ask`, then another. `ids` are the items of the first round in the order
they come; `again` those of the second one. `paths` are the requests made in the first round, in order."""
import re
from dataclasses import dataclass, field

from standin import Answer, Route, basic

DAY = 1772323200  # 2026-03-01T00:00:00Z: where the first round begins
T = '2026-03-02T07:%02d:00Z'


def iso(minute):
    return T % minute


def epoch(minute):
    return 1772434800 + minute * 60


@dataclass
class Case:
    network: str
    ask: str
    routes: list
    ids: list
    again: list = None
    paths: list = None
    vars: dict = field(default_factory=dict)
    secrets: dict = field(default_factory=dict)
    tombstones: list = field(default_factory=list)
    aliases: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)
    lost: int = 0
    bounded: bool = False
    tokens: int = 0
    since: int = DAY
    name: str = ''

    @property
    def id(self):
        return f'{self.network}-{self.ask}' + (f'-{self.name}' if self.name else '')


def rss(*items, extra=''):
    rows = ''.join(f'<item><title>{t}</title><link>{link}</link><guid>{guid}</guid>'
                   f'<pubDate>Mon, 02 Mar 2026 07:00:00 GMT</pubDate><description>{t}</description></item>'
                   for guid, link, t in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>b</title>{extra}{rows}</channel></rss>'


def atom(*items):
    rows = ''.join(f'<entry><id>{i}</id><title>{t}</title><link href="{i}"/><published>2026-03-02T07:00:00Z</published>'
                   f'<updated>2026-03-02T07:00:00Z</updated><content type="html">{t}</content></entry>' for i, t in items)
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>b</title>{rows}</feed>'


BEARER = {'Authorization': 'Bearer AT'}
CASES = []


def case(*args, **more):
    CASES.append(Case(*args, **more))


# --- Forums -------------------------------------------------------------------------------------------------------

def discourse_post(i, minute, **more):
    return {'id': i, 'topic_id': 7, 'topic_slug': 'tea', 'post_number': 2, 'topic_title': 'Tea', 'username': 'zoe',
            'cooked': '<p>tea %d</p>' % i, 'created_at': iso(minute), **more}


case('discourse', 'posts', [
    Route('GET /posts.json', by=('query', 'before'), answers={
        None: {'latest_posts': [discourse_post(9, 9), discourse_post(8, 8, user_deleted=True)]},
        '8': {'latest_posts': [discourse_post(7, 7)]},
        '7': {'latest_posts': []}})],
    ids=['9', '7'], tombstones=['8'], paths=['/posts.json'] * 3, again=['9'])
case('discourse', 'search', [
    Route('GET /search.json', query={'q': '"tea pot" after:2026-03-01 order:latest'}, by=('query', 'page'),
          before=[Answer(429, {'errors': ['slow'], 'error_type': 'rate_limit', 'extras': {'wait_seconds': 9}})],
          answers={})],
    ids=[], errors=[('rate_limited', 9)], name='limited')
case('discourse', 'search', [
    Route('GET /search.json', query={'q': re.compile('tea pot')}, by=('query', 'page'), answers={
        '1': {'posts': [{'id': 1, 'topic_id': 7, 'blurb': 'tea', 'username': 'zoe', 'created_at': iso(1), 'post_number': 1}],
              'topics': [{'id': 7, 'title': 'Tea', 'slug': 'tea'}],
              'grouped_search_result': {'more_full_page_results': True}},
        '2': {'posts': [{'id': 2, 'topic_id': 7, 'blurb': 'pot', 'username': 'zoe', 'created_at': iso(1), 'post_number': 2}],
              'topics': [{'id': 7, 'title': 'Tea', 'slug': 'tea'}],
              'grouped_search_result': {'more_full_page_results': None}}})],
    ids=['1', '2'], paths=['/search.json'] * 2)
case('phpbb', 'feed', [Route('GET /feed.php', answers={None: atom(('https://b.example/1', 'F • Tea'))})],
     ids=['https://b.example/1'])
PHPBB_PAGE = ('<div class="post" id="p{0}"><h3><a href="./viewtopic.php?p={0}&amp;sid=ab12#p{0}">Re: Tea</a></h3>'
              '<p class="author"><a class="username" href="./memberlist.php?u=2">Zoe</a> '
              '<time datetime="2026-03-02T07:0{0}:00+00:00">x</time></p><div class="content">tea {0}</div></div>{1}')
case('phpbb', 'topic', [
    Route('GET /viewtopic.php', query={'t': '12'}, by=('query', 'start'), answers={
        None: PHPBB_PAGE.format(1, '<div class="pagination"><ul><li class="next"><a href="./viewtopic.php?t=12&amp;start=1">'
                                'next</a></li></ul></div>'),
        '1': PHPBB_PAGE.format(2, '')})],
    vars={'topic': '12'}, ids=['p1', 'p2'])
case('vbulletin', 'feed', [Route('GET /external.php', query={'type': 'RSS2', 'forumids': '2,3', 'nohtml': '1'},
                                 answers={None: rss(('5', 'https://b.example/5', 'Tea'))})],
     vars={'forums': '2,3'}, ids=['5'])
case('xenforo', 'feed', [Route('GET /forums/-/index.rss', answers={None: rss(('5', 'https://b.example/5', 'Tea'))})],
     ids=['5'])
case('xenforo', 'threads', [
    Route('GET /api/threads/', header={'XF-Api-Key': 'K'}, query={'page': '1'}, answers={
        None: {'threads': [{'thread_id': 5, 'title': 'Tea', 'username': 'zoe', 'post_date': epoch(5), 'view_url': 'https://b/5',
                            'discussion_state': 'visible'},
                           {'thread_id': 6, 'title': 'Secret', 'username': 'zoe', 'post_date': epoch(5),
                            'view_url': 'https://b/6', 'discussion_state': 'visible'}],
               'pagination': {'current_page': 1, 'last_page': 1}}}),
    Route('GET /api/threads/5/posts', by=('query', 'page'), answers={
        '1': {'posts': [{'post_id': 50, 'thread_id': 5, 'post_date': epoch(5), 'message_state': 'visible',
                         'message_parsed': 'a', 'is_first_post': True}], 'pagination': {'current_page': 1, 'last_page': 2}},
        '2': {'posts': [{'post_id': 51, 'thread_id': 5, 'post_date': epoch(6), 'message_state': 'visible',
                         'message_parsed': 'b'}], 'pagination': {'current_page': 2, 'last_page': 2}}}),
    Route('GET /api/threads/6/posts', answers={
        None: Answer(403, {'errors': [{'code': 'no_permission', 'message': 'no'}]})})],
    secrets={'api_key': 'K'}, ids=['thread:5', 'thread:6', '50', '51'], lost=1, errors=[('forbidden', -1)])
case('invision', 'posts', [
    Route('GET /api/forums/posts', header={'Authorization': basic('K', '')}, by=('query', 'page'), answers={
        '1': {'page': 1, 'totalPages': 2, 'results': [{'id': 2, 'item_id': 7, 'date': iso(2), 'content': '<p>b</p>'}]},
        '2': {'page': 2, 'totalPages': 2, 'results': [{'id': 1, 'item_id': 7, 'date': iso(1), 'content': '<p>a</p>'}]}})],
    secrets={'api_key': 'K'}, ids=['2', '1'], again=['2'])
case('smf', 'recent', [Route('GET /index.php', query={'action': '.xml', 'sa': 'recent', 'type': 'rss2', 'limit': '100'},
                             answers={None: rss(('https://b/?m=1', 'https://b/?m=1', 'Re: Tea'))})],
     ids=['https://b/?m=1'])
case('mybb', 'threads', [Route('GET /syndication.php', query={'type': 'rss2', 'limit': '50'},
                               answers={None: rss(('https://b/t-1', 'https://b/t-1', 'Tea'))})],
     ids=['https://b/t-1'])


def flarum_discussion(i, minute):
    return {'type': 'discussions', 'id': str(i), 'attributes': {'title': 'Tea', 'slug': f'{i}-tea', 'createdAt': iso(minute)},
            'relationships': {}}


case('flarum', 'search', [
    Route('GET /api/discussions', query={'filter[q]': 'tea pot', 'sort': '-createdAt'}, by=('query', 'page[offset]'), answers={
        None: {'links': {'next': '{base}/api/discussions?filter%5Bq%5D=tea%20pot&sort=-createdAt&page%5Boffset%5D=50'},
               'data': [flarum_discussion(3, 3)]},
        '50': {'links': {}, 'data': [flarum_discussion(2, 2)]}})],
    ids=['d3', 'd2'])
case('flarum', 'search', [
    Route('GET /api/discussions', answers={None: {
        'links': {'next': 'https://elsewhere.example/api/discussions?page=2'}, 'data': [flarum_discussion(3, 3)]}})],
    ids=['d3'], bounded=True, name='elsewhere')
case('nodebb', 'recent', [
    Route('GET /api/recent/posts/day', answers={None: [
        {'pid': 4, 'tid': 1, 'content': 'tea', 'timestampISO': iso(4), 'isMainPost': False},
        {'pid': 3, 'tid': 1, 'content': 'tea', 'timestampISO': iso(3), 'deleted': 1}]})],
    ids=['4'], tombstones=['3'])
case('lemmy', 'posts', [
    Route('POST /api/v3/user/login', json={'username_or_email': 'u', 'password': 'p'}, answers={None: {'jwt': 'AT'}}),
    Route('GET /api/v3/post/list', header=BEARER, by=('query', 'page_cursor'), answers={
        None: {'posts': [{'post': {'id': 1, 'ap_id': 'https://l/post/1', 'name': 'Tea', 'published': iso(2)},
                          'counts': {'comments': 1}}], 'next_page': 'P2'},
        'P2': {'posts': [{'post': {'id': 2, 'ap_id': 'https://l/post/2', 'name': 'Pot', 'published': iso(1)},
                          'counts': {'comments': 0}}]}}),
    Route('GET /api/v3/comment/list', query={'post_id': '1'}, answers={
        None: {'comments': [{'comment': {'ap_id': 'https://l/comment/9', 'content': 'nice', 'published': iso(3)},
                             'post': {'ap_id': 'https://l/post/1', 'name': 'Tea'}}]}})],
    secrets={'username': 'u', 'password': 'p'}, tokens=1,
    ids=['https://l/post/1', 'https://l/post/2', 'https://l/comment/9'])

# --- Networks -----------------------------------------------------------------------------------------------------

X_TOKEN = Route('POST /oauth2/token', header={'Authorization': basic('I', 'S')}, form={'grant_type': 'client_credentials'},
                answers={None: {'token_type': 'bearer', 'access_token': 'AT'}})


def x_page(ids, next_token=None, newest=None):
    meta = {'result_count': len(ids), 'newest_id': newest or ids[0]}
    if next_token:
        meta['next_token'] = next_token
    return {'data': [{'id': i, 'text': 'tea &amp; pot', 'author_id': '1', 'created_at': iso(1)} for i in ids], 'meta': meta}


case('x', 'search', [
    X_TOKEN,
    Route('GET /2/tweets/search/recent', header=BEARER,
          query={'query': '"tea pot" OR "Kettle"', 'max_results': '100', 'start_time': '2026-03-01T00:00:00Z', 'since_id': None},
          by=('query', 'next_token'), answers={None: x_page(['30', '20'], 'b2'), 'b2': x_page(['10'])})],
    secrets={'client_key': 'I', 'client_secret': 'S'}, tokens=1, ids=['30', '20', '10'])
case('x', 'search', [
    Route('GET /2/tweets/search/recent', header=BEARER, by=('query', 'since_id'),
          answers={None: x_page(['30']), '30': {'meta': {'result_count': 0}}})],
    secrets={'token': 'AT'}, ids=['30'], again=[], name='since')
case('x', 'search', [
    Route('GET /2/tweets/search/recent', answers={
        None: Answer(429, {'title': 'Usage', 'type': 'https://api.x.com/2/problems/usage-capped'})})],
    secrets={'token': 'AT'}, ids=[], errors=[('quota_exhausted', -1)], name='capped')
case('x', 'search', [
    Route('GET /2/tweets/search/recent', answers={
        None: Answer(429, {'title': 'Too Many Requests'}, {'x-rate-limit-reset': '1772438460'})})],
    secrets={'token': 'AT'}, ids=[], errors=[('rate_limited', 60)], name='limited')


def reddit(kind, name, comments=0, **data):
    return {'kind': kind, 'data': {'id': name[3:], 'name': name, 'permalink': f'/r/tea/{name}/', 'created_utc': epoch(5),
                                   'author': 'zoe', 'num_comments': comments, **data}}


def listing(*children, after=None):
    return {'kind': 'Listing', 'data': {'children': list(children), 'after': after}}


case('reddit', 'search', [
    Route('POST /api/v1/access_token', header={'Authorization': basic('I', 'S'), 'User-Agent': 'linux:vigie:1'},
          form={'grant_type': 'client_credentials'}, answers={None: {'access_token': 'AT', 'expires_in': 86400}}),
    Route('GET /search', header={'Authorization': 'bearer AT', 'User-Agent': 'linux:vigie:1'},
          query={'q': '"tea pot" OR "Kettle"', 'raw_json': '1', 'sort': 'new'}, by=('query', 'after'), answers={
              None: listing(reddit('t3', 't3_b', 1, title='Tea', selftext='x'), reddit('t3', 't3_d', selftext='[removed]'),
                            after='t3_b'),
              't3_b': listing(reddit('t3', 't3_a', title='Pot', selftext='y'))}),
    Route('GET /comments/b', query={'limit': '500'}, answers={None: [
        listing(reddit('t3', 't3_b')),
        listing(reddit('t1', 't1_1', body='one', parent_id='t3_b',
                       replies=listing(reddit('t1', 't1_2', body='two', parent_id='t1_1', replies=''))),
                {'kind': 'more', 'data': {'count': 2, 'children': ['3', '4']}})]}),
    Route('GET /api/morechildren', query={'link_id': 't3_b', 'children': '3,4'}, answers={
        None: {'json': {'data': {'things': [reddit('t1', 't1_3', body='three', parent_id='t3_b')]}}}})],
    vars={'user_agent': 'linux:vigie:1'}, secrets={'client_id': 'I', 'client_secret': 'S'}, tokens=1,
    ids=['t3_b', 't3_a', 't1_1', 't1_2', 't1_3'], tombstones=['t3_d'])
case('reddit', 'new', [
    Route('GET /r/tea/new', answers={None: Answer(403, {'message': 'Forbidden', 'error': 403, 'reason': 'private'})}),
    Route('POST /api/v1/access_token', answers={None: {'access_token': 'AT', 'expires_in': 86400}})],
    vars={'sub': 'tea'}, secrets={'client_id': 'I', 'client_secret': 'S'}, tokens=1, ids=[], errors=[('forbidden', -1)])


def yt_comment(i, replies=0, given=()):
    return {'id': i, 'snippet': {'videoId': 'v1', 'totalReplyCount': replies, 'topLevelComment': {
        'id': i, 'snippet': {'textDisplay': 'tea', 'authorDisplayName': '@zoe', 'publishedAt': iso(3)}}},
        'replies': {'comments': [{'id': g, 'snippet': {'parentId': i, 'videoId': 'v1', 'textDisplay': 'r',
                                                       'publishedAt': iso(4)}} for g in given]}}


def yt_video(v):
    return {'id': {'kind': 'youtube#video', 'videoId': v}, 'snippet': {'title': 'Tea', 'publishedAt': iso(2)}}


case('youtube', 'search', [
    Route('GET /youtube/v3/search', query={'key': 'K', 'q': '"tea pot"|"Kettle"', 'publishedAfter': '2026-03-01T00:00:00Z'},
          by=('query', 'pageToken'), answers={None: {'items': [yt_video('v1')], 'nextPageToken': 'P2'},
                                              'P2': {'items': [yt_video('v2')]}}),
    Route('GET /youtube/v3/videos', query={'key': 'K'}, by=('query', 'id'), answers={
        'v1': {'items': [{'id': 'v1', 'snippet': {'title': 'Tea', 'publishedAt': iso(2)}, 'statistics': {'viewCount': '9'}}]},
        'v2': {'items': []}}),
    Route('GET /youtube/v3/commentThreads', query={'key': 'K', 'order': 'time'}, by=('query', 'videoId'), answers={
        'v1': {'items': [yt_comment('c1', 7, ['c1.r1'])]},
        'v2': Answer(403, {'error': {'code': 403, 'errors': [{'domain': 'youtube.commentThread',
                                                              'reason': 'commentsDisabled'}]}})}),
    Route('GET /youtube/v3/comments', query={'key': 'K', 'parentId': 'c1'}, answers={
        None: {'items': [{'id': 'c1.r1', 'snippet': {'parentId': 'c1', 'textDisplay': 'r', 'publishedAt': iso(4)}},
                         {'id': 'c1.r2', 'snippet': {'parentId': 'c1', 'textDisplay': 's', 'publishedAt': iso(5)}}]}})],
    secrets={'key': 'K'}, ids=['v1', 'v2', 'v1', 'c1', 'c1.r1', 'c1.r1', 'c1.r2'], lost=1, errors=[('gone', -1)])
case('youtube', 'search', [
    Route('GET /youtube/v3/search', answers={None: Answer(403, {'error': {'code': 403, 'errors': [
        {'domain': 'youtube.quota', 'reason': 'quotaExceeded'}]}})})],
    secrets={'key': 'K'}, ids=[], errors=[('quota_exhausted', -1)], name='quota')


def fb_post(i, more=False):
    return {'id': f'1001_{i}', 'message': 'tea', 'created_time': '2026-03-02T07:00:00+0000', 'comments': {
        'data': [{'id': f'{i}_1', 'message': 'a', 'created_time': '2026-03-02T07:01:00+0000'}],
        'paging': {'cursors': {'after': 'x'}, **({'next': 'https://n'} if more else {})}}}


case('facebook', 'feed', [
    Route('GET /v23.0/1001/feed', header={'Authorization': 'Bearer T'},
          query={'since': str(DAY), 'limit': '100', 'fields': re.compile('^id,message'),
                 # HMAC-SHA-256 of the token "T" with the secret "S".
                 'appsecret_proof': re.compile('^[0-9a-f]{64}$')},
          by=('query', 'after'), answers={
              None: Answer(200, {'data': [fb_post(1, True)], 'paging': {'cursors': {'after': 'A2'}, 'next': 'https://n'}},
                           {'X-App-Usage': '{"call_count":97,"total_time":25,"total_cputime":25}'}),
              'A2': {'data': [fb_post(2)], 'paging': {'cursors': {'after': 'A3'}}}}),
    Route('GET /v23.0/1001_1/comments', query={'filter': 'stream'}, answers={
        None: {'data': [{'id': '1_2', 'message': 'b', 'created_time': '2026-03-02T07:02:00+0000'}]}})],
    vars={'page': '1001'}, secrets={'access_token': 'T', 'app_secret': 'S'},
    ids=['1001_1', '1_1', '1001_2', '2_1', '1_2'])
case('facebook', 'feed', [
    Route('GET /v23.0/1001/feed', answers={None: Answer(400, {'error': {'code': 80001, 'message': 'slow'}}, {
        'X-Business-Use-Case-Usage': '{"1001":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":12}]}'})})],
    vars={'page': '1001'}, secrets={'access_token': 'T'}, ids=[], errors=[('rate_limited', 720)], name='limited')
case('instagram', 'hashtag', [
    Route('GET /v23.0/ig_hashtag_search', query={'user_id': '9', 'q': 'teapot'}, answers={None: {'data': [{'id': '1784'}]}}),
    # The cursor is the same on every page.
    Route('GET /v23.0/1784/recent_media', query={'user_id': '9'}, by=('query', 'after'), answers={}, before=[
        {'data': [{'id': '1', 'caption': '#teapot', 'timestamp': '2026-03-02T07:00:00+0000'}],
         'paging': {'cursors': {'after': 'SAME'}, 'next': 'https://n'}},
        {'data': [{'id': '2', 'caption': '#teapot', 'timestamp': '2026-03-02T06:00:00+0000'}],
         'paging': {'cursors': {'after': 'SAME'}, 'next': 'https://n'}},
        {'data': []}])],
    vars={'user': '9'}, secrets={'access_token': 'T'}, ids=['1', '2'])
case('instagram', 'comments', [
    Route('GET /v23.0/55/comments', answers={None: {'data': [
        {'id': 'c1', 'text': 'a', 'timestamp': '2026-03-02T07:00:00+0000', 'replies': {'data': [
            {'id': 'c2', 'text': 'b', 'timestamp': '2026-03-02T07:01:00+0000'}]}}]}})],
    vars={'media_id': '55'}, secrets={'access_token': 'T'}, ids=['c1', 'c2'])
case('threads', 'search', [
    Route('GET /refresh_access_token', query={'grant_type': 'th_refresh_token', 'access_token': 'U'},
          answers={None: {'access_token': 'AT', 'expires_in': 5184000}}),
    Route('GET /v1.0/keyword_search', header=BEARER, query={'q': 'tea pot', 'search_type': 'RECENT'}, answers={
        None: {'data': [{'id': '1', 'text': 'tea', 'timestamp': '2026-03-02T07:00:00+0000', 'has_replies': True}]}}),
    Route('GET /v1.0/1/conversation', answers={
        None: {'data': [{'id': '2', 'text': 'pot', 'timestamp': '2026-03-02T07:01:00+0000', 'is_reply': True}]}})],
    secrets={'user_token': 'U'}, tokens=1, ids=['1', '2'])
LINKEDIN = {'Authorization': 'Bearer T', 'LinkedIn-Version': '202510', 'X-Restli-Protocol-Version': '2.0.0'}
case('linkedin', 'posts', [
    Route('GET /rest/posts', header={**LINKEDIN, 'X-RestLi-Method': 'FINDER'},
          query={'author': 'urn:li:organization:55', 'q': 'author'}, by=('query', 'start'), answers={
              '0': {'elements': [{'id': 'urn:li:share:1', 'commentary': 'tea', 'publishedAt': epoch(1) * 1000,
                                  'lifecycleState': 'PUBLISHED'}], 'paging': {'start': 0, 'count': 50}},
              '50': {'elements': [], 'paging': {'start': 50, 'count': 50}}}),
    Route('GET /rest/socialActions/urn%3Ali%3Ashare%3A1/comments', header=LINKEDIN, by=('query', 'start'), answers={
        '0': {'elements': [{'$URN': 'urn:li:comment:(urn:li:activity:1,2)', 'message': {'text': 'a'}, 'object': 'urn:li:activity:1',
                            'created': {'time': epoch(2) * 1000}, 'commentsSummary': {'totalFirstLevelComments': 1}}],
              'paging': {'start': 0, 'count': 50}},
        '50': {'elements': [], 'paging': {'start': 50, 'count': 50}}}),
    Route('GET /rest/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A1%2C2%29/comments', answers={
        None: Answer(429, {'message': 'Resource level throttle limit for calls to this resource is reached', 'status': 429})})],
    vars={'organization': '55'}, secrets={'access_token': 'T'},
    ids=['urn:li:share:1', 'urn:li:comment:(urn:li:activity:1,2)'], errors=[('rate_limited', -1)])


def tiktok(ids, cursor, more, **data):
    return {'data': {'videos': [{'id': i, 'username': 'zoe', 'video_description': 'tea', 'create_time': epoch(1),
                                 'comment_count': 1 if i == ids[0] else 0} for i in ids], 'cursor': cursor,
                     'has_more': more, **data}, 'error': {'code': 'ok'}}


case('tiktok', 'search', [
    Route('POST /v2/oauth/token/', form={'client_key': 'K', 'client_secret': 'S', 'grant_type': 'client_credentials'},
          answers={None: {'access_token': 'AT', 'expires_in': 7200}}),
    Route('POST /v2/research/video/query/', header=BEARER,
          json={'query/and/0/field_values': ['tea pot'], 'start_date': '20260301', 'end_date': '20260302', 'max_count': 100},
          by=('json', 'cursor'), answers={
              None: tiktok([7213456789012345678], 100, True, search_id='S1'),
              100: tiktok([7213456789012345679, 5], 200, False, search_id='S1')}),
    Route('POST /v2/research/video/comment/list/', by=('json', 'video_id'), answers={
        7213456789012345678: {'data': {'comments': [{'id': 1, 'video_id': 7213456789012345678, 'text': 'a',
                                                     'create_time': epoch(2)}], 'has_more': False}, 'error': {'code': 'ok'}},
        7213456789012345679: Answer(200, {'data': {}, 'error': {'code': 'invalid_params'}})})],
    secrets={'client_key': 'K', 'client_secret': 'S'}, tokens=1, lost=1, errors=[('bad_request', -1)],
    ids=['7213456789012345678', '7213456789012345679', '5', '1'])


def toot(i, replies=0):
    return {'id': i, 'uri': f'https://m/{i}', 'content': '<p>tea</p>', 'created_at': iso(int(i) % 60), 'replies_count': replies,
            'account': {'acct': 'zoe'}}


case('mastodon', 'tag', [
    Route('GET /api/v1/timelines/tag/teapot', query={'limit': '40'}, by=('query', 'min_id'), answers={
        None: [toot('12'), toot('9')], '12': [toot('14', 1)], '14': []}),
    Route('GET /api/v1/statuses/14/context', answers={None: {'ancestors': [], 'descendants': [toot('15')]}})],
    ids=['https://m/12', 'https://m/9', 'https://m/14', 'https://m/15'], again=[],
    aliases={'12': 'https://m/12', '9': 'https://m/9', '14': 'https://m/14', '15': 'https://m/15'})
case('mastodon', 'tag', [
    Route('GET /api/v1/timelines/tag/teapot', answers={None: '<!doctype html><title>Log in</title>'})],
    ids=[], errors=[('unreadable', -1)], name='page')
case('bluesky', 'search', [
    Route('POST /xrpc/com.atproto.server.createSession', json={'identifier': 'zoe.example', 'password': 'p'},
          answers={None: {'accessJwt': 'AT', 'refreshJwt': 'R1', 'did': 'did:plc:1'}}),
    Route('POST /xrpc/com.atproto.server.refreshSession', header={'Authorization': 'Bearer R1'},
          answers={None: {'accessJwt': 'AT2', 'refreshJwt': 'R2'}}),
    Route('GET /xrpc/app.bsky.feed.searchPosts', query={'q': '"tea pot"', 'sort': 'latest'}, by=('header', 'authorization'),
          before=[Answer(400, {'error': 'ExpiredToken', 'message': 'Token has expired'})], answers={
              'Bearer AT2': {'posts': [{'uri': 'at://d/p/1', 'author': {'handle': 'zoe'},
                                        'record': {'text': 'tea', 'createdAt': iso(1)}}]}})],
    secrets={'identifier': 'zoe.example', 'app_password': 'p'}, tokens=2, ids=['at://d/p/1'], errors=[('auth', -1)])
case('activitypub', 'outbox', [
    Route('GET /users/zoe/outbox', header={'Accept': 'application/activity+json'}, by=('query', 'page'), answers={
        None: {'type': 'OrderedCollection', 'first': '{base}/users/zoe/outbox?page=1'},
        '1': {'orderedItems': [{'type': 'Create', 'object': {'id': 'https://a/1', 'content': 'tea', 'published': iso(1)}},
                               {'type': 'Announce', 'object': 'https://a/2'}]}})],
    vars={'outbox': '/users/zoe/outbox'}, ids=['https://a/1'])
case('telegram', 'updates', [
    Route('GET /botB:1/getUpdates', by=('query', 'offset'), answers={
        None: {'ok': True, 'result': [{'update_id': 7, 'message': {'message_id': 1, 'chat': {'id': -1, 'username': 'tea'},
                                                                   'date': epoch(1), 'text': 'tea'}}]},
        '8': {'ok': True, 'result': []}})],
    secrets={'bot_token': 'B:1'}, ids=['-1:1'], again=[])
case('telegram', 'updates', [
    Route('GET /botB:1/getUpdates', answers={None: Answer(429, {
        'ok': False, 'error_code': 429, 'description': 'Too Many Requests: retry after 7', 'parameters': {'retry_after': 7}})})],
    secrets={'bot_token': 'B:1'}, ids=[], errors=[('rate_limited', 7)], name='limited')
case('discord', 'messages', [
    Route('GET /api/v10/channels/5/messages', header={'Authorization': 'Bot T'}, by=('query', 'after'), answers={
        None: [{'id': '1790000000000000002', 'channel_id': '5', 'content': 'tea', 'timestamp': iso(2), 'type': 0},
               {'id': '999', 'channel_id': '5', 'content': 'old', 'timestamp': iso(1), 'type': 0}],
        '1790000000000000002': []})],
    vars={'channel': '5', 'guild': '6'}, secrets={'bot_token': 'T'}, ids=['1790000000000000002', '999'], again=[])
case('discord', 'search', [
    Route('GET /api/v10/guilds/6/messages/search', answers={
        None: Answer(202, {'code': 110000, 'retry_after': 2, 'documents_indexed': 0})})],
    vars={'guild': '6'}, secrets={'bot_token': 'T'}, ids=[], errors=[('rate_limited', 2)])
case('slack', 'history', [
    Route('GET /api/conversations.history', header={'Authorization': 'Bearer T'}, query={'channel': 'C1'},
          by=('query', 'cursor'), answers={
              None: {'ok': True, 'messages': [{'ts': '1772434860.000200', 'text': 'tea', 'user': 'U1', 'reply_count': 1,
                                               'thread_ts': '1772434860.000200'}], 'response_metadata': {'next_cursor': 'c2'}},
              'c2': {'ok': True, 'messages': [{'ts': '1772434800.000100', 'text': 'pot', 'user': 'U1'}],
                     'response_metadata': {'next_cursor': ''}}}),
    Route('GET /api/conversations.replies', query={'ts': '1772434860.000200'}, answers={
        None: {'ok': False, 'error': 'thread_not_found'}})],
    vars={'channel': 'C1'}, secrets={'token': 'T'}, ids=['C1:1772434860.000200', 'C1:1772434800.000100'], lost=1,
    errors=[('gone', -1)])
case('pinterest', 'search', [
    Route('POST /v5/oauth/token', header={'Authorization': basic('I', 'S')}, answers={None: {'access_token': 'AT'}}),
    Route('GET /v5/search/pins', header=BEARER, by=('query', 'bookmark'), answers={
        None: {'items': [{'id': '1', 'title': 'Tea', 'created_at': '2026-03-02T07:00:00'}], 'bookmark': 'B2'},
        'B2': {'items': [{'id': '2', 'title': 'Pot', 'created_at': '2026-03-02T06:00:00'}], 'bookmark': None}})],
    secrets={'client_id': 'I', 'client_secret': 'S'}, tokens=1, ids=['1', '2'])
case('twitch', 'videos', [
    Route('POST /oauth2/token', form={'client_id': 'I', 'client_secret': 'S'}, answers={None: {'access_token': 'AT', 'expires_in': 9}}),
    Route('GET /helix/videos', header={**BEARER, 'Client-Id': 'I'}, query={'user_id': '7', 'sort': 'time'}, answers={
        None: Answer(401, {'error': 'Unauthorized', 'status': 401, 'message': 'Invalid OAuth token'})})],
    vars={'user': '7'}, secrets={'client_id': 'I', 'client_secret': 'S'}, ids=[], tokens=None, errors=None, name='refused')
case('vimeo', 'search', [
    Route('POST /oauth/authorize/client', header={'Authorization': basic('I', 'S')}, json={'grant_type': 'client_credentials'},
          answers={None: {'access_token': 'AT', 'token_type': 'bearer'}}),
    Route('GET /videos', header={'Authorization': 'bearer AT', 'Accept': re.compile('version=3.4')}, by=('query', 'page'), answers={
        None: {'data': [{'uri': '/videos/1', 'name': 'Tea', 'created_time': iso(1),
                         'metadata': {'connections': {'comments': {'total': 1}}}}],
               'paging': {'next': '/videos?query=tea&page=2'}},
        '2': {'data': [{'uri': '/videos/2', 'name': 'Pot', 'created_time': iso(0)}], 'paging': {'next': None}}}),
    Route('GET /videos/1/comments', answers={
        None: {'data': [{'uri': '/videos/1/comments/3', 'text': 'a', 'created_on': iso(2)}], 'paging': {'next': None}}})],
    secrets={'client_id': 'I', 'client_secret': 'S'}, tokens=1, ids=['/videos/1', '/videos/2', '/videos/1/comments/3'])
case('dailymotion', 'search', [
    Route('GET /videos', query={'search': 'tea pot', 'created_after': str(DAY)}, by=('query', 'page'), answers={
        '1': {'has_more': True, 'list': [{'id': 'x1', 'title': 'Tea', 'created_time': epoch(1)}]},
        '2': {'has_more': False, 'list': [{'id': 'x2', 'title': 'Tea', 'created_time': epoch(0)}]}})],
    ids=['x1', 'x2'])

# --- Blogs, reviews, news -----------------------------------------------------------------------------------------


def wp(i, minute):
    return {'id': i, 'link': f'https://w/{i}', 'title': {'rendered': 'Tea'}, 'content': {'rendered': '<p>tea</p>'},
            'date_gmt': iso(minute)[:-1]}


case('wordpress', 'search', [
    Route('GET /wp-json/wp/v2/posts', query={'search': 'tea pot', 'after': '2026-03-01T00:00:00'}, by=('query', 'page'), answers={
        '1': [wp(2, 2)], '2': [wp(1, 1)],
        '3': Answer(400, {'code': 'rest_post_invalid_page_number', 'message': 'no', 'data': {'status': 400}})})],
    ids=['https://w/2', 'https://w/1'], errors=[('end_of_pages', -1)])
case('blogger', 'posts', [
    Route('GET /blogger/v3/blogs/12/posts', query={'key': 'K'}, answers={
        None: {'items': [{'id': '1', 'url': 'https://b/1', 'title': 'Tea', 'published': iso(1), 'replies': {'totalItems': '1'}}]}}),
    Route('GET /blogger/v3/blogs/12/posts/1/comments', query={'key': 'K'}, answers={
        None: {'items': [{'id': '9', 'content': 'a', 'published': iso(2), 'post': {'id': '1'}}]}})],
    vars={'blog': '12'}, secrets={'key': 'K'}, ids=['1', '9'])
case('ghost', 'posts', [
    Route('GET /ghost/api/content/posts/', header={'Accept-Version': 'v5.0'},
          query={'key': 'K', 'filter': "published_at:>'2026-03-01 00:00:00'"}, by=('query', 'page'), answers={
              None: {'posts': [{'uuid': 'a', 'title': 'Tea', 'html': 'x', 'published_at': iso(1)}],
                     'meta': {'pagination': {'next': 2}}},
              '2': {'posts': [{'uuid': 'b', 'title': 'Tea', 'html': 'x', 'published_at': iso(0)}],
                    'meta': {'pagination': {'next': None}}}})],
    secrets={'key': 'K'}, ids=['a', 'b'])
case('medium', 'tag', [Route('GET /feed/tag/tea-pot', answers={None: rss(('https://medium.com/p/1', 'https://m/1', 'Tea'))})],
     ids=['https://medium.com/p/1'])
case('tumblr', 'tagged', [
    Route('GET /v2/tagged', query={'api_key': 'K', 'tag': 'tea pot'}, by=('query', 'before'), answers={
        None: {'meta': {'status': 200}, 'response': [{'id_string': '18', 'post_url': 'https://t/18', 'timestamp': epoch(9)}]},
        str(epoch(9)): {'meta': {'status': 200}, 'response': []}})],
    secrets={'api_key': 'K'}, ids=['18'])
case('substack', 'archive', [
    Route('GET /api/v1/archive', by=('query', 'offset'), answers={
        '0': [{'canonical_url': 'https://s/1', 'title': 'Tea', 'post_date': iso(1)}], '12': []})],
    ids=['https://s/1'])
case('stackexchange', 'search', [
    Route('GET /2.3/search/advanced', query={'site': 'cooking', 'filter': 'withbody'}, by=('query', 'page'), answers={
        '1': {'items': [{'question_id': 1, 'link': 'https://q/1', 'title': 'Tea', 'creation_date': epoch(1), 'answer_count': 1},
                        {'question_id': 2, 'link': 'https://q/2', 'title': 'Pot', 'creation_date': epoch(1), 'answer_count': 2},
                        {'question_id': 3, 'link': 'https://q/3', 'title': 'Cup', 'creation_date': epoch(1), 'answer_count': 0}],
              'has_more': False, 'backoff': 12, 'quota_remaining': 9}}),
    Route('GET /2.3/questions/1;2/answers', answers={
        None: {'items': [{'answer_id': 9, 'question_id': 1, 'body': 'a', 'creation_date': epoch(2)}], 'has_more': False}})],
    vars={'site': 'cooking'}, ids=['cooking:q1', 'cooking:q2', 'cooking:q3', 'cooking:a9'])
case('trustpilot', 'reviews', [
    Route('GET /v1/business-units/u1/reviews', query={'apikey': 'K', 'orderBy': 'createdat.desc'}, by=('query', 'page'), answers={
        '1': {'reviews': [{'id': 'r1', 'status': 'active', 'stars': 4, 'createdAt': iso(1)}]}, '2': {'reviews': []}})],
    vars={'unit': 'u1'}, secrets={'apikey': 'K'}, ids=['r1'])
case('appstore', 'reviews', [
    Route('GET /fr/rss/customerreviews/page=1/id=1/sortby=mostrecent/json', answers={
        None: {'feed': {'entry': {'id': {'label': '7'}, 'im:rating': {'label': '5'}, 'updated': {'label': iso(1)}}}}}),
    Route('GET /fr/rss/customerreviews/page=2/id=1/sortby=mostrecent/json', answers={None: {'feed': {}}})],
    vars={'appid': '1', 'country': 'FR'}, ids=['7'])
case('googleplay', 'reviews', [
    Route('POST /token', form={'grant_type': 'refresh_token', 'refresh_token': 'R', 'client_id': 'I', 'client_secret': 'S'},
          answers={None: {'access_token': 'AT', 'expires_in': 3599}}),
    Route('GET /androidpublisher/v3/applications/com.example.tea/reviews', header=BEARER, by=('query', 'token'), answers={
        None: {'reviews': [{'reviewId': 'g1', 'comments': [{'userComment': {'text': '\ttea', 'starRating': 2,
                                                                           'lastModified': {'seconds': str(epoch(1))}}}]}],
               'tokenPagination': {'nextPageToken': 'N2'}},
        'N2': {'reviews': [{'reviewId': 'g2', 'comments': [{'userComment': {'text': '\tpot'}}]}]}})],
    vars={'package': 'com.example.tea'}, secrets={'client_id': 'I', 'client_secret': 'S', 'refresh_token': 'R'}, tokens=1,
    ids=['g1', 'g2'])
case('googlebusiness', 'reviews', [
    Route('POST /token', answers={None: Answer(400, {'error': 'invalid_grant', 'error_description': 'revoked'})})],
    vars={'account': '1', 'location': '2'}, secrets={'client_id': 'I', 'client_secret': 'S', 'refresh_token': 'R'}, ids=[],
    tokens=None, name='revoked')
case('tripadvisor', 'reviews', [
    Route('GET /api/v1/location/9/reviews', query={'key': 'K', 'language': 'fr'}, answers={
        None: {'data': [{'id': 3, 'location_id': 9, 'title': 'Tea', 'published_date': iso(1), 'rating': 4}]}})],
    vars={'location': '9', 'lang': 'fr'}, secrets={'key': 'K'}, ids=['3'])
case('steam', 'reviews', [
    Route('GET /appreviews/730', query={'filter': 'recent'}, by=('query', 'cursor'), answers={
        '*': {'success': 1, 'query_summary': {'num_reviews': 1}, 'cursor': 'Ao+/=',
              'reviews': [{'recommendationid': '1', 'review': 'tea', 'author': {'steamid': '76'}, 'timestamp_created': epoch(1)}]},
        'Ao+/=': {'success': 1, 'query_summary': {'num_reviews': 1}, 'cursor': 'Ao+/=',
                  'reviews': [{'recommendationid': '2', 'review': 'pot', 'author': {'steamid': '76'}, 'timestamp_created': epoch(0)}]}})],
    vars={'appid': '730'}, ids=['1', '2'])
case('googlenews', 'search', [
    Route('GET /rss/search', query={'q': '"tea pot" OR "Kettle" when:7d', 'hl': 'fr', 'ceid': 'FR:fr'},
          answers={None: rss(('CBM1', 'https://news/1', 'Tea - Paper'))})],
    vars={'lang': 'fr', 'country': 'FR'}, ids=['CBM1'])


def gdelt(n, first, stamp):
    return {'articles': [{'url': f'https://g/{i}', 'title': 'Tea', 'seendate': stamp, 'domain': 'g'}
                         for i in range(first, first + n)]}


# 250 rows are no answer but a question for half of the time; behind a window that fits comes one of twice its length.
case('gdelt', 'search', [
    Route('GET /api/v2/doc/doc', query={'query': '("tea pot" OR "Kettle")'}, by=('query', 'startdatetime'),
          before=[gdelt(250, 0, '20260302T070000Z'), gdelt(250, 0, '20260301T120000Z')], answers={
              '20260301000000': gdelt(200, 0, '20260301T070000Z'),
              '20260301080000': gdelt(53, 200, '20260301T120000Z'),
              '20260302000000': gdelt(5, 253, '20260302T070000Z')})],
    ids=[f'https://g/{i}' for i in range(258)])
case('gdelt', 'search', [Route('GET /api/v2/doc/doc', answers={None: 'Your query was too short or too long.'})],
     ids=[], errors=[('bad_request', -1)], name='plain-text')
case('newsapi', 'search', [
    Route('GET /v2/everything', header={'X-Api-Key': 'K'}, query={'from': '2026-03-01T00:00:00'}, by=('query', 'page'), answers={
        '1': {'status': 'ok', 'articles': [{'url': 'https://n/1', 'title': 'Tea', 'publishedAt': iso(1)}]},
        '2': Answer(426, {'status': 'error', 'code': 'maximumResultsReached', 'message': 'no more'})})],
    secrets={'key': 'K'}, ids=['https://n/1'], errors=[('end_of_pages', -1)])
case('eventregistry', 'search', [
    Route('POST /api/v1/article/getArticles', json={'apiKey': 'K', 'keyword': 'tea pot', 'lang': ['fra'],
                                                   'articlesSortByAsc': False}, by=('json', 'articlesPage'), answers={
        1: {'articles': {'page': 1, 'pages': 2, 'results': [{'uri': 'e1', 'title': 'Tea', 'dateTimePub': iso(1)}]}},
        2: {'articles': {'page': 2, 'pages': 2, 'results': [{'uri': 'e2', 'title': 'Tea', 'dateTimePub': iso(1)}]}}})],
    vars={'languages': 'fra'}, secrets={'key': 'K'}, ids=['e1', 'e2'])
case('mediastack', 'search', [
    Route('GET /v1/news', query={'access_key': 'K'}, by=('query', 'offset'), answers={
        '0': {'pagination': {'limit': 100, 'offset': 0, 'count': 1, 'total': 2},
              'data': [{'url': 'https://n/1', 'title': 'Tea', 'published_at': iso(1)}]},
        '100': {'pagination': {'limit': 100, 'offset': 1, 'count': 1, 'total': 2},
                'data': [{'url': 'https://n/2', 'title': 'Tea', 'published_at': iso(1)}]}})],
    secrets={'access_key': 'K'}, ids=['https://n/1', 'https://n/2'])
case('mediacloud', 'search', [
    Route('GET /api/search/story-list', header={'Authorization': 'Token T'}, by=('query', 'pagination_token'), answers={
        None: {'stories': [{'id': '1', 'title': 'Tea', 'url': 'https://n/1', 'publish_date': '2026-03-01'}],
               'pagination_token': 'p2'},
        'p2': {'stories': [{'id': '2', 'title': 'Tea', 'url': 'https://n/2', 'publish_date': '2026-03-01'}],
               'pagination_token': None}})],
    secrets={'token': 'T'}, ids=['1', '2'])
case('wikipedia', 'changes', [
    Route('GET /w/api.php', query={'list': 'recentchanges', 'maxlag': '5', 'rcend': '2026-03-01T00:00:00Z'},
          by=('query', 'rccontinue'),
          answers={
              None: {'continue': {'rccontinue': '2|9', 'continue': '-||'},
                     'query': {'recentchanges': [{'revid': 10, 'old_revid': 9, 'title': 'Tea', 'user': 'Zoe', 'timestamp': iso(1)}]}},
              '2|9': {'query': {'recentchanges': [{'revid': 8, 'old_revid': 7, 'title': 'Pot', 'timestamp': iso(0)}]}}})],
    ids=['enwiki:10', 'enwiki:8'])
case('wikipedia', 'changes', [
    Route('GET /w/api.php', answers={None: Answer(200, {'error': {'code': 'maxlag', 'info': 'x', 'lag': 6.1}}, {'Retry-After': '5'})})],
    ids=[], errors=[('rate_limited', 5)], name='maxlag')
case('github', 'search', [
    Route('GET /search/issues', header={'X-GitHub-Api-Version': '2022-11-28', 'Authorization': 'Bearer T'},
          query={'q': '"tea pot" OR "Kettle" created:>=2026-03-01'}, by=('query', 'page'), answers={
              None: Answer(200, {'items': [{'node_id': 'I1', 'title': 'Tea', 'created_at': iso(1)}]}, {
                  'Link': '<{base}/search/issues?q=%22tea%20pot%22%20OR%20%22Kettle%22%20created%3A%3E%3D2026-03-01&page=2>; '
                          'rel="next", <{base}/x>; rel="last"'}),
              '2': {'items': [{'node_id': 'I2', 'title': 'Tea', 'created_at': iso(0)}]}})],
    secrets={'token': 'T'}, ids=['I1', 'I2'])
case('hackernews', 'search', [
    Route('GET /api/v1/search_by_date', query={'numericFilters': f'created_at_i>={DAY},created_at_i<1772438400'}, answers={
        None: {'hits': [{'objectID': '5', 'title': 'Tea', 'created_at_i': epoch(1)}]}})],
    ids=['5'])
case('uservoice', 'suggestions', [
    Route('POST /api/v2/oauth/token', form={'client_id': 'I', 'client_secret': 'S'}, answers={None: {'access_token': 'AT', 'expires_in': 7200}}),
    Route('GET /api/v2/admin/suggestions', header=BEARER, query={'updated_after': '2026-03-01T00:00:00Z'}, answers={
        None: Answer(429, {'errors': {'type': 'rate_limit_exceeded'}}, {'Retry-After': '1772438430'})})],
    secrets={'client_id': 'I', 'client_secret': 'S'}, tokens=1, ids=[], errors=[('rate_limited', 30)])
case('ideascale', 'ideas', [
    Route('GET /a/rest/v1/ideas/recent/0/50', header={'api_token': 'T'}, answers={
        None: [{'id': 4, 'title': 'Tea', 'text': 'x', 'creationDateTime': iso(1), 'commentCount': 1}]}),
    Route('GET /a/rest/v1/ideas/recent/1/50', answers={None: []}),
    Route('GET /a/rest/v1/ideas/4/comments', answers={None: [{'id': 9, 'text': 'a', 'creationDateTime': iso(2)}]})],
    secrets={'api_token': 'T'}, ids=['4', 'comment:9'])
case('canny', 'posts', [
    Route('POST /api/v1/posts/list', json={'apiKey': 'K', 'boardID': 'b1', 'limit': 100}, by=('json', 'skip'), answers={
        0: {'hasMore': True, 'posts': [{'id': 'p1', 'title': 'Tea', 'created': iso(1)}]},
        100: {'hasMore': False, 'posts': [{'id': 'p2', 'title': 'Pot', 'created': iso(0)}]}})],
    vars={'board': 'b1'}, secrets={'api_key': 'K'}, ids=['p1', 'p2'])
case('canny', 'posts', [Route('POST /api/v1/posts/list', answers={None: {'error': 'invalid api key'}})],
     vars={'board': 'b1'}, secrets={'api_key': 'X'}, ids=[], errors=[('auth', -1)], name='200')
