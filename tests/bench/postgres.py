"""postgres.py - a PostgreSQL 15 of one's own for a while: a data folder and a socket in a temporary folder, no network,
as an ordinary user. For languages.py."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BIN = Path("/usr/lib/postgresql/15/bin")  # Debian's postgresql-15
USER = "nobody"  # of the server when root runs this: PostgreSQL refuses to be root


class Postgres:
    def __init__(self):
        if not (BIN / "initdb").exists():
            raise FileNotFoundError("no PostgreSQL 15 here (Debian: postgresql-15)")
        self.psql = None
        self.folder = tempfile.mkdtemp(prefix="helios-pg-")
        self.as_user = []
        if os.getuid() == 0:
            shutil.chown(self.folder, USER)
            self.as_user = ["setpriv", f"--reuid={USER}", "--clear-groups", "--inh-caps=-all", "--"]
        data = f"{self.folder}/data"
        self.run(BIN / "initdb", "-D", data, "-U", "helios", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.run(BIN / "pg_ctl", "-D", data, "-w", "-l", f"{self.folder}/log", "-o", f"-c listen_addresses='' -k {self.folder}", "start")

    def run(self, *command):
        done = subprocess.run([*self.as_user, *map(str, command)], cwd=self.folder, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(done.stdout)
        return done.stdout

    def sql(self, text):
        """Runs statements; what psql prints of them."""
        done = subprocess.run([BIN / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "helios", "postgres"],
                              input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def session(self):
        self.psql = subprocess.Popen([BIN / "psql", "-XqAt", "-h", self.folder, "-U", "helios", "postgres"], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.backend = self.ask("SELECT pg_backend_pid()")

    def ask(self, query):
        self.psql.stdin.write(f"{query};\n")
        self.psql.stdin.flush()
        return self.psql.stdout.readline().strip()

    def timed(self, query):
        """(value, seconds of the server's processor time) of a query that gives one value, in a session that stays."""
        if self.psql is None:
            self.session()
            self.ask(query)  # compiles the functions
        spent = lambda: int(Path(f"/proc/{self.backend}/schedstat").read_text().split()[0]) / 1e9
        before = spent()
        return self.ask(query), spent() - before

    def close(self):
        if self.psql is not None:
            self.psql.communicate()
        self.run(BIN / "pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
