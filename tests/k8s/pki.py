# SPDX-License-Identifier: Apache-2.0
"""Certificates of the rig's control plane, made anew for every run by Debian's openssl."""
import subprocess


class Authority:
    """A certificate authority in a folder: NAME.crt and NAME.key, and what it signs beside them."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.path = folder / f"{name}.crt"
        self._openssl("req", "-x509", *self._key(name), "-subj", f"/CN={name}", "-days", "2", "-out", self.path)

    def _key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.folder / f"{name}.key"]

    def _openssl(self, *words, **options):
        done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=30, **options)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {words[0]}: {done.stderr}")

    def sign(self, name, user, group=None, hosts=()):
        """A certificate and a key for both ends of TLS; returns their paths. hosts: DNS:… and IP:…"""
        certificate, request, extensions = (self.folder / f"{name}{end}" for end in (".crt", ".csr", ".ext"))
        subject = (f"/O={group}" if group else "") + f"/CN={user}"
        self._openssl("req", "-new", *self._key(name), "-subj", subject, "-out", request)
        extensions.write_text("extendedKeyUsage=serverAuth,clientAuth\n" + (f"subjectAltName={','.join(hosts)}\n" if hosts else ""))
        self._openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.folder / f"{self.name}.key", "-CAcreateserial",
                      "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, self.folder / f"{name}.key"


def service_account_key(folder):
    """The key that signs the tokens of service accounts."""
    path = folder / "service-accounts.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path)],
                   check=True, capture_output=True, timeout=60)
    return path
