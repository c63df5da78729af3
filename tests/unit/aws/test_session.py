"""A session takes nothing from the AWS files and variables of the host but what README names, and verifies TLS."""

import builtins
import datetime
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import botocore.session
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsError
from guance_aws_cloudfront.aws.session import CA_BUNDLES, new_session
from guance_aws_cloudfront.settings.account import parse_account
from tests.conftest import AK_ID, RAW_ACCOUNT
from tests.unit.aws.canned import NO_LISTING, error, respond

LOCAL = "https://localhost.localdomain:9"
FILES = {
    "a key twice": b"[default]\nregion = a\nregion = b\n",
    "a section twice": b"[default]\nregion = a\n[default]\nregion = b\n",
    "a byte order mark": b"\xef\xbb\xbf[default]\nregion = us-east-1\n",
    "UTF-16": "[default]\nregion = us-east-1\n".encode("utf-16"),
    "Latin-1": "[default]\nname = M\xfcnchen\n".encode("latin-1"),
    "no section": b"aws_access_key_id = AKIA\n",
    "no file at all, a folder": None,
    "an address": f"[default]\nendpoint_url = {LOCAL}\n".encode(),
    "addresses of services": (
        f"[default]\nservices = x\n[services x]\ncloudfront =\n  endpoint_url = {LOCAL}\n".encode()
    ),
    "services that are not there": b"[default]\nservices = gone\n",
    "old versions": b"[default]\napi_versions =\n  cloudfront = 2014-05-31\n",
    "FIPS": b"[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n",
    "a bundle that is not there": b"[default]\nca_bundle = /nowhere.pem\n",
    "no bundle": b"[default]\nca_bundle =\n",
    "modes": b"[default]\nretry_mode = adaptive\nmax_attempts = 99\ndefaults_mode = nonsense\ntcp_keepalive = true\n",
    "an odd number": b"[default]\nmax_attempts = many\nuse_fips_endpoint = perhaps\n",
    "other keys": b"[default]\naws_access_key_id = AKIAOTHER00000000001\naws_secret_access_key = x\nrole_arn = r\n",
    "a program": b"[default]\ncredential_process = touch ran\n",
    "SSO": b"[default]\nsso_session = x\n[sso-session x]\nsso_start_url = https://x\nsso_region = us-east-1\n",
    "a proxy": b"[default]\nproxies_config =\n  proxy_ca_bundle = /nowhere.pem\n",
}


def settings_of(aws):
    """All that says where and how calls are made."""
    return [
        (
            client.meta.endpoint_url,
            client.meta.region_name,
            client.meta.service_model.api_version,
            {key: value for key, value in vars(client.meta.config).items() if not key.startswith("_user_provided")},
            client._endpoint.http_session._verify,
        )
        for client in (aws._cloudfront, aws._cloudwatch)
    ]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The home of the Func host, and whatever of it is opened."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_ENDPOINT_URL", *CA_BUNDLES):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".aws").mkdir()
    opened, really = [], builtins.open

    def watched(file, *args, **kwargs):
        if str(file).startswith(str(tmp_path)):
            opened.append(str(file))
        return really(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", watched)
    return tmp_path, opened


@pytest.mark.parametrize("content", FILES)
@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize("role", [False, True])
def test_no_file_of_the_host_is_read(account, config, home, monkeypatch, content, name, role) -> None:
    folder, opened = home
    if role:
        monkeypatch.setattr("guance_aws_cloudfront.aws.client.assumed_role", lambda *_: None)
        account = parse_account({**RAW_ACCOUNT, "role_arn": "arn:aws:iam::123456789012:role/x"})
    expected = settings_of(Aws(account, config, "test"))
    if FILES[content] is None:
        (folder / ".aws" / name).mkdir()
    else:
        (folder / ".aws" / name).write_bytes(FILES[content])
    # Also where variables name them.
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / ".aws" / name))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / ".aws" / name))
    opened.clear()
    made = Aws(account, config, "test")
    assert settings_of(made) == expected
    assert opened == []
    assert role or made._cloudfront._get_credentials().access_key == AK_ID
    assert not (folder / "ran").exists()


def variables():
    """Every variable of the environment that botocore knows a setting by."""
    for names in (names for _, names, *_ in botocore.session.Session.SESSION_VARIABLES.values()):
        yield from [names] if isinstance(names, str) else names or ()


OTHERS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ROLE_ARN"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_BEARER_TOKEN_CLOUDFRONT"),
    *("AWS_BEARER_TOKEN_MONITORING", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_NEW_RETRIES_2026"),
)


@pytest.mark.parametrize("value", ["nonsense", "true", "adaptive", "17", ""])
def test_no_variable_of_the_host_changes_how_calls_are_made(account, config, home, monkeypatch, value) -> None:
    expected = settings_of(Aws(account, config, "test"))
    names = [name for name in {*variables(), *OTHERS} if name != "AWS_CA_BUNDLE"]
    assert len(names) > 25
    for name in names:
        monkeypatch.setenv(name, value)
    made = Aws(account, config, "test")
    assert settings_of(made) == expected
    assert made._cloudfront._get_credentials().access_key == AK_ID
    seen = []
    made._cloudfront.meta.events.register(
        "before-send",
        lambda request, **_: seen.append(request) or respond(request, 200, NO_LISTING + "</DistributionList>"),
    )
    assert made.distributions() == []
    authorization = seen[0].headers["Authorization"]
    authorization = authorization if isinstance(authorization, str) else authorization.decode()
    assert authorization.startswith(f"AWS4-HMAC-SHA256 Credential={AK_ID}/")


@pytest.mark.parametrize("variable", ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_DEFAULTS_MODE"])
def test_retries_are_ours_whatever_the_host_says(account, config, home, monkeypatch, variable) -> None:
    monkeypatch.setenv(variable, "9" if variable == "AWS_MAX_ATTEMPTS" else "legacy")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    made, seen = Aws(account, config, "test"), []
    made._cloudfront.meta.events.register(
        "before-send", lambda request, **_: seen.append(request) or error(request, "InternalFailure", "oops", 500)
    )
    with pytest.raises(AwsError):
        made.distributions()
    assert len(seen) == 3


def test_models_are_botocore_s_own(account, config, home, monkeypatch) -> None:
    folder, opened = home
    models = folder / ".aws" / "models" / "cloudfront" / "2099-01-01"
    models.mkdir(parents=True)
    (models / "service-2.json").write_text("{}")
    monkeypatch.setenv("AWS_DATA_PATH", str(folder / ".aws" / "models"))
    monkeypatch.setattr("botocore.loaders.Loader.CUSTOMER_DATA_PATH", str(folder / ".aws" / "models"))
    monkeypatch.delattr("botocore.loaders.guance_aws_cloudfront_models", raising=False)
    made = Aws(account, config, "test")
    assert made._cloudfront.meta.service_model.api_version.startswith("20")
    assert made._cloudfront.meta.service_model.api_version != "2099-01-01"
    assert opened == []


def test_no_module_is_imported_that_a_variable_names(account, config, home, monkeypatch) -> None:
    folder, _ = home
    (folder / "intruder.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("BOTOCORE_EXPERIMENTAL__PLUGINS", "x=intruder")
    Aws(account, config, "test")


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFRONT"])
def test_an_address_of_the_environment_counts(account, config, home, monkeypatch, variable) -> None:
    monkeypatch.setenv(variable, LOCAL)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert Aws(account, config, "test")._cloudfront.meta.endpoint_url == LOCAL


def test_two_sessions_have_nothing_in_common_but_models() -> None:
    one, other = new_session(), new_session()
    one.set_config_variable("region", "eu-west-1")
    assert other.get_config_variable("region") is None
    assert botocore.session.Session().get_config_variable("retry_mode") in ("legacy", "standard")


# TLS


def certificate(folder):
    """A certificate for 127.0.0.1 that signs itself, with its key, in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "own.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A server with a certificate that signs itself: its file, and the requests that it was trusted with."""
    path, trusted_with = certificate(tmp_path), []

    class Listing(BaseHTTPRequestHandler):
        def do_GET(self):
            trusted_with.append(self.path)
            body = (NO_LISTING + "</DistributionList>").encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = HTTPServer(("127.0.0.1", 0), Listing)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    # A handshake that the client breaks off is no news.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    for name in CA_BUNDLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    yield path, trusted_with
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("value", [None, "", " ", "\t", "/etc/hostname"])
@pytest.mark.parametrize("variable", [*CA_BUNDLES, "CURL_CA_BUNDLE"])
def test_a_certificate_that_nobody_vouches_for_is_refused(account, config, tls, monkeypatch, variable, value) -> None:
    _, trusted_with = tls
    if value is not None:
        monkeypatch.setenv(variable, value)
    with pytest.raises(AwsError, match="Listing the distributions failed: AWS could not be reached") as failed:
        Aws(account, config, "test").distributions()
    assert trusted_with == []
    assert "AWS_CA_BUNDLE" in str(failed.value)


@pytest.mark.parametrize("variable", CA_BUNDLES)
def test_the_bundle_that_the_environment_names_is_trusted(account, config, tls, monkeypatch, variable) -> None:
    path, trusted_with = tls
    monkeypatch.setenv(variable, str(path))
    assert Aws(account, config, "test").distributions() == []
    assert len(trusted_with) == 1


@pytest.mark.parametrize("path", ["/nowhere.pem", "/"])
def test_a_bundle_that_is_no_file_is_told_before_any_call(account, config, tls, monkeypatch, path) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", path)
    with pytest.raises(AwsError) as failed:
        Aws(account, config, "test").distributions()
    assert str(failed.value) == (
        f"Preparing the calls to AWS failed: AWS_CA_BUNDLE names '{path}', which is no file. Set it to a file of "
        "certificates, in PEM, or remove it from the environment of the Func host."
    )
    assert Path(path).exists() is (path == "/")
