"""What `make test` runs. Sessions without a Python of their own use .venv, which the Makefile makes."""

import sys

import nox

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


@nox.session(name="tests-oldest", python="3.8")
def tests_oldest(session):
    """All tests on the oldest Python of Func, with the boto3 that pip installs there."""
    session.install("--quiet", "-r", "requirements/dev-py38.txt")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session(name="tests-newest", python=False)
def tests_newest(session):
    """All tests on the newest Python that is installed."""
    session.run(sys.executable, "-m", "pytest", "-n", "auto", *session.posargs)
