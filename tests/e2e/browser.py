"""browser.py: a real Chromium, driven over WebDriver (W3C) with nothing but the standard library.

    with Browser(folder) as browser:
        browser.open(url)
        browser.wait('return document.querySelectorAll("li").length > 0')
        browser.picture('page.png', 360, 800)
"""
import base64
import json
import re
import subprocess
import time
import urllib.request


class Browser:
    def __init__(self, folder, lang='en'):
        self.folder, self.lang = str(folder), lang

    def __enter__(self):
        self.driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.driver.stdout:
            found = re.search(r'successfully on port (\d+)', line)
            if found:
                break
        self.base = f'http://127.0.0.1:{found.group(1)}'
        options = {'args': ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
                            '--disable-background-networking', '--disable-component-update', '--disable-sync',
                            '--hide-scrollbars', f'--lang={self.lang}', f'--user-data-dir={self.folder}/profile'],
                   'prefs': {'intl.accept_languages': self.lang}}
        answer = self.ask('POST', '/session', {'capabilities': {'alwaysMatch': {'browserName': 'chrome', 'goog:chromeOptions': options}}})
        self.session = f"/session/{answer['sessionId']}"
        return self

    def __exit__(self, *_):
        try:
            self.ask('DELETE', self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method, headers={'Content-Type': 'application/json'},
                                         data=json.dumps(body).encode() if body is not None else None)
        return json.loads(urllib.request.urlopen(request, timeout=60).read())['value']

    def open(self, url):
        self.ask('POST', f'{self.session}/url', {'url': url})

    def run(self, script):
        return self.ask('POST', f'{self.session}/execute/sync', {'script': script, 'args': []})

    def wait(self, script, deadline=20):
        end = time.monotonic() + deadline
        while True:
            value = self.run(script)
            if value:
                return value
            assert time.monotonic() < end, f'waited in vain for: {script}'
            time.sleep(0.05)

    def html(self):
        return self.ask('GET', f'{self.session}/source')

    def picture(self, path, width, height):
        self.ask('POST', f'{self.session}/window/rect', {'width': width, 'height': height})
        with open(path, 'wb') as f:
            f.write(base64.b64decode(self.ask('GET', f'{self.session}/screenshot')))
