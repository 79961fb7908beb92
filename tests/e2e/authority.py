"""authority.py: a certificate authority made for one test, by the openssl command."""
import os
import ssl
import subprocess

CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']


def openssl(*args):
    subprocess.run(['openssl', *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    def __init__(self, folder, name):
        self.base = os.path.join(str(folder), name)
        self.issued = 0
        self.ca = self.base + '.pem'
        openssl('req', '-x509', *CURVE, '-keyout', self.base + '.key', '-out', self.ca, '-days', '2', '-subj', f'/CN={name}')

    def issue(self, names):
        """A certificate for names as subjectAltName has them ('IP:127.0.0.1,DNS:a.example'), and its key: two paths."""
        self.issued += 1
        base = f'{self.base}-{self.issued}'
        with open(base + '.cnf', 'w', encoding='ascii') as f:
            f.write(f'subjectAltName={names}\n')
        openssl('req', *CURVE, '-keyout', base + '.key', '-out', base + '.csr', '-subj', '/CN=of a test')
        openssl('x509', '-req', '-in', base + '.csr', '-CA', self.ca, '-CAkey', self.base + '.key', '-CAcreateserial',
                '-out', base + '.pem', '-days', '2', '-extfile', base + '.cnf')
        return base + '.pem', base + '.key'


def context_of(pair):
    """For a server. Another pair can be loaded into it; connections from then on are shown that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context
