"""What `make test` runs. Sessions without a Python of their own use .venv, which the Makefile makes."""

import shutil
import sys
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "security", "audit", "market", "tests-oldest", "tests-newest"]
nox.options.envdir = ".venv/nox"
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"


@nox.session(python=False)
def lint(session):
    """Lint and layout."""
    session.run(sys.executable, "-m", "ruff", "check", ".")
    session.run(sys.executable, "-m", "ruff", "format", "--check", ".")


@nox.session(python=False)
def types(session):
    """Types, strictly."""
    session.run(sys.executable, "-m", "mypy")


@nox.session(python=False)
def security(session):
    """Nothing for bandit to find in what ships."""
    shipped = ("guance_aws_cloudfront", "startup")
    session.run(sys.executable, "-m", "bandit", "--quiet", "-c", "pyproject.toml", "-r", *shipped)


@nox.session(python=False)
def audit(session):
    """No known hole in what is pinned. Skipped, and not passed, where no service of known holes can be asked."""
    said = session.run(sys.executable, "-m", "devtools.audit", silent=True, success_codes=[0, 3])
    session.log(said.strip())
    if "NOT AUDITED" in said:
        session.skip(said.strip())


@nox.session(python=False)
def market(session):
    """The package is built as it ships; what needs a Python newer than 3.8 is refused."""
    session.run(sys.executable, "-m", "devtools.market.build")


# A worker that has nothing left takes tests from the other.
SHARED_OUT = ("-n", "auto", "--dist", "worksteal")
# What ships, but for tests that are marked `newest`. Stand-ins and tools are tested by the newest Python only.
ON_OLDEST = ("tests/unit", "tests/contract", "tests/faults", "-m", "not newest")


@nox.session(name="tests-oldest", python="3.8")
def tests_oldest(session):
    """The tests of what ships on the oldest Python of Func, with the boto3 that pip installs there; random day 3."""
    session.install("--quiet", "-r", "requirements/dev-py38.txt")
    session.run("python", "-m", "pytest", *SHARED_OUT, *(session.posargs or ON_OLDEST), env={"FAULT_SEEDS": "3"})


@nox.session(name="tests-newest", python=False)
def tests_newest(session):
    """All tests on the newest Python that is installed; random days 1 and 2."""
    session.run(sys.executable, "-m", "pytest", *SHARED_OUT, *session.posargs, env={"FAULT_SEEDS": "1,2"})


@nox.session
def mutation(session):
    """Which changes of a module no test notices: `nox -s mutation -- points/windows [tests …]`.

    cosmic-ray changes one thing of the module at a time, in a clone of what is committed, and runs the tests.
    """
    module, *tests = session.posargs
    session.install("--quiet", "-r", "requirements/mutation.txt")
    clone = Path("build/mutation", module).absolute()
    shutil.rmtree(clone, ignore_errors=True)
    session.run("git", "clone", "--quiet", ".", str(clone), external=True)
    own = Path("tests/unit", module).parent / f"test_{Path(module).name}.py"
    tests = tests or [*([str(own)] if own.exists() else []), "tests/contract"]
    command = " ".join([sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests])
    settings = Path("tests/mutation.toml").read_text(encoding="utf-8")
    settings = settings.replace("MODULE", f"guance_aws_cloudfront/{module}.py").replace("COMMAND", command)
    (clone / "mutation.toml").write_text(settings, encoding="utf-8")
    session.chdir(clone)
    for step in (
        ("cosmic-ray", "baseline", "mutation.toml"),
        ("cosmic-ray", "init", "mutation.toml", "session.sqlite"),
        ("cr-filter-operators", "session.sqlite", "mutation.toml"),
        ("cosmic-ray", "exec", "mutation.toml", "session.sqlite"),
        ("cr-report", "--surviving-only", "--show-diff", "session.sqlite"),
    ):
        session.run(*step, env={"CI": "true"})
