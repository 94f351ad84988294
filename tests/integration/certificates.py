"""Certificates for tests of TLS, made by the openssl program."""

import pathlib
import shutil
import subprocess
import tempfile

KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"


class Certificates:
    """A folder with NAME.pem and NAME.key of authorities and of those that they vouch for."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="strata-tls-")

    def make_authority(self, name):
        self._run(f"req -x509 {KEY} -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem")

    def issue(self, name, authority):
        """One for the DNS name NAME.test."""
        pathlib.Path(self.folder, "ext").write_text(f"subjectAltName=DNS:{name}.test")
        self._run(f"req {KEY} -subj /CN={name} -keyout {name}.key -out {name}.csr")
        self._run(f"x509 -req -days 2 -CA {authority}.pem -CAkey {authority}.key -CAcreateserial "
                  f"-in {name}.csr -extfile ext -out {name}.pem")

    def file(self, name):
        return f"{self.folder}/{name}"

    def remove(self):
        shutil.rmtree(self.folder)

    def _run(self, command):
        subprocess.run(["openssl", *command.split()], cwd=self.folder, check=True,
                       stderr=subprocess.DEVNULL)
