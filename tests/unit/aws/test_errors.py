"""Each family of errors has its sentence and advice that can help; nothing of a proxy's address comes out."""

import socket
import threading
import traceback
from email.utils import formatdate

import pytest
from botocore.exceptions import ClientError

from guance_aws_cloudfront.aws.client import Aws
from guance_aws_cloudfront.aws.errors import AwsDeniedError, AwsError, clock_ahead, explain
from guance_aws_cloudfront.settings.account import parse_account
from tests.conftest import NOW, RAW_ACCOUNT
from tests.unit.aws.canned import respond

USER = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: cloudwatch:GetMetricData on resource: *"
TOKEN = {"session_token": "token/of+the/session=="}
TEMPORARY = {**TOKEN, "ak_id": "ASIAEXAMPLE000000001"}
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/x"}
HELPLESS = "Allow the IAM action"


def explained(code, message, changes=None, operation="GetMetricData", headers=None, status=403):
    """The sentence for an error of AWS's."""
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
    }
    return explain(ClientError(response, operation), parse_account({**RAW_ACCOUNT, **(changes or {})}), operation)


POLICIES = [
    "a service control policy",
    "an identity-based policy",
    "a permissions boundary",
    "a session policy",
    "a resource-based policy",
    "a resource control policy",
    "a VPC endpoint policy",
]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("end", ["", ".", ": arn:aws:organizations::1:policy/o-x/service_control_policy/p-x"])
def test_an_explicit_deny_is_not_mended_by_allowing(policy, end) -> None:
    # Also where the text is too long to be shown whole.
    for message in (
        f"{USER} with an explicit deny in {policy}{end}",
        f"{'x' * 500} {USER} with an Explicit Deny in {policy}",
    ):
        sentence = str(explained("AccessDenied", message))
        assert (
            f"A statement with the effect Deny in {policy.partition(' ')[2]} forbids cloudwatch:GetMetricData"
            in sentence
        )
        assert "allowing it elsewhere does not help" in sentence
        assert HELPLESS not in sentence


def test_an_explicit_deny_without_a_place_is_one_too() -> None:
    error = explained("AccessDeniedException", f"{USER} with an explicit deny", operation="AssumeRole", changes=ROLE)
    assert isinstance(error, AwsDeniedError)
    assert "the effect Deny in a policy forbids" in str(error)
    assert "'external_id'" not in str(error)


@pytest.mark.parametrize("policy", ["permissions boundary", "service control policy", "session policy"])
def test_a_policy_that_must_allow_too_is_named(policy) -> None:
    sentence = str(explained("AccessDenied", f"{USER} because no {policy} allows the cloudwatch:GetMetricData action"))
    assert f"Allow the action in the {policy} too." in sentence
    assert HELPLESS not in sentence


def test_a_plain_denial_keeps_its_advice() -> None:
    message = f"{USER} because no identity-based policy allows the cloudwatch:GetMetricData action"
    assert "Allow the IAM action cloudwatch:GetMetricData on resource *" in str(explained("AccessDenied", message))
    role = USER.replace("cloudwatch:GetMetricData", "sts:AssumeRole")
    for text in (role, f"{role} because no resource-based policy allows the sts:AssumeRole action"):
        assert "let the role's trust policy name that user" in str(
            explained("AccessDenied", text, ROLE, operation="AssumeRole")
        )


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"])
@pytest.mark.parametrize("changes", [TOKEN, TEMPORARY])
def test_a_rejected_session_token_is_not_the_fault_of_ak_id(code, changes) -> None:
    error = explained(code, "The security token included in the request is invalid.", changes)
    assert f"AWS does not take the access key with its session token ({code}: " in str(error)
    assert "Check 'session_token'" in str(error)
    assert "Check 'ak_id'" not in str(error)
    assert error.is_of_key


def test_a_rejected_key_without_a_token_is() -> None:
    error = explained("InvalidClientTokenId", "The security token included in the request is invalid.")
    assert "Check 'ak_id'" in str(error)
    assert "session_token" not in str(error)


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException"])
def test_the_temporary_key_of_a_role_is_nobody_s_fault(code) -> None:
    sentence = str(explained(code, "no", {**ROLE, **TOKEN}))
    assert ("AWS does not take the temporary key of the role" in sentence) is (code == "InvalidClientTokenId")
    assert "The next run assumes 'role_arn' again." in sentence
    assert "'session_token'" not in sentence
    # The key that assumes it may be at fault.
    assert "Check 'ak_id'" in str(explained("InvalidClientTokenId", "no", ROLE, operation="AssumeRole"))


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 01 Mar 2026 10:00:00",
        "Sun, 01 Mar 2026 10:00:00 -0000",
        "Sun, 01 Mar 2026 10:00:00 +0800",
        "Sun, 01 Mar 2026 10:00:00 PST",
        "Sun, 01 Mar 2026 10:00:00 GMT, Sun, 01 Mar 2026 10:00:00 GMT",
        "Sun, 01 Mar 2026 02:00:00 GMT, Sun, 01 Mar 2026 10:00:00 GMT",
        "2026-03-01T10:00:00",
        "Sun, 01 Mar 0000 10:00:00 GMT",
        "Sun, 41 Mar 2026 10:00:00 GMT",
        "Sun, 01 Mar 2026 30:00:00 GMT",
        "yesterday",
        "",
        None,
        7,
    ],
)
def test_a_date_that_tells_no_time_is_no_clock_that_is_off(date, monkeypatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert clock_ahead({"date": date}, NOW) is None
    sentence = str(explained("SignatureDoesNotMatch", "no", headers={"date": date}))
    assert "Check that the clock of the Func host is right." in sentence
    assert " ahead " not in sentence


@pytest.mark.parametrize("date", ["Sun, 01 Mar 2026 10:00:00 GMT", " Sun, 01 Mar 2026 10:00:00 GMT"])
def test_a_date_of_http_tells_the_time(date) -> None:
    assert clock_ahead({"date": date}, NOW + 60) == 60
    assert clock_ahead({"date": formatdate(NOW, usegmt=True)}, NOW) == 0


# Proxies


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that answers every request with a status line: its port, and how to set that line."""
    server, line = socket.create_server(("127.0.0.1", 0)), [""]

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 {line[0]}\r\nContent-Length: 0\r\n\r\n".encode())

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    yield server.getsockname()[1], line
    server.close()


def listing_failed(config):
    """The sentence of a listing that failed, with all that a traceback would show."""
    with pytest.raises(AwsError) as error:
        Aws(parse_account(RAW_ACCOUNT), config, "test").distributions()
    shown = "".join(traceback.format_exception(type(error.value), error.value, error.value.__traceback__))
    return str(error.value), shown


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("407 Proxy Authentication Required", "the proxy refused the call (HTTP 407). The proxy asks for a user and a"),
        ("403 Forbidden", "the proxy refused the call (HTTP 403). A proxy or firewall between the Func host and AWS"),
        ("503 Down", "the proxy refused the call (HTTP 503). Check what stands between the Func host and AWS"),
        ("301 Moved", "the proxy refused the call (HTTP 301). Check what stands between the Func host and AWS"),
    ],
)
def test_a_proxy_that_refuses_is_told_with_its_status(config, proxy, monkeypatch, line, sentence) -> None:
    port, answered = proxy
    answered[0] = line
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    assert sentence in listing_failed(config)[0]


PASSWORDS = [
    *(
        "hunter2hunter2",
        "hun/ter2",
        "hun#ter2",
        "hun?ter2",
        "hun\\ter2",
        "hun:ter2",
        "hun@ter2",
        "'hunter2'",
        '"hunter2"',
    ),
    *("hun ter2", "hun%2Fter2", "hün/ter2", "{hunter2}", "hun[ter2", "hun]ter2", "$hunter2", "hun|ter2", "hun<ter2>"),
]
FORMS = [
    *("http://proxy-user:{}@127.0.0.1:{}", "https://proxy-user:{}@127.0.0.1:{}", "HTTP://proxy-user:{}@127.0.0.1:{}"),
    *("socks5://proxy-user:{}@127.0.0.1:{}", "Socks5h://proxy-user:{}@127.0.0.1:{}", "proxy-user:{}@127.0.0.1:{}"),
    *("//proxy-user:{}@127.0.0.1:{}", "http:/proxy-user:{}@127.0.0.1:{}", "'http://proxy-user:{}@127.0.0.1:{}'"),
    *(
        '"http://proxy-user:{}@127.0.0.1:{}"',
        " http://proxy-user:{}@127.0.0.1:{}",
        "http://proxy-user:{}@nowhere.invalid:{}",
    ),
    "http://proxy-user:{}@[::1]:{}",
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("form", FORMS)
def test_no_piece_of_a_proxy_s_password_comes_out(config, proxy, monkeypatch, form, password) -> None:
    port, answered = proxy
    answered[0] = "407 Proxy Authentication Required"
    monkeypatch.setenv("HTTPS_PROXY", form.format(password, port))
    sentence, shown = listing_failed(config)
    assert sentence.startswith("Listing the distributions failed: ")
    for piece in (password, "hun", "ter2", "proxy-user"):
        assert piece not in shown
        assert piece not in sentence


def test_a_proxy_that_is_not_there_is_told(config, proxy, monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    sentence, _ = listing_failed(config)
    assert "the proxy could not be reached (ProxyConnectionError" in sentence
    assert "Check HTTPS_PROXY of the Func host" in sentence


# A role's temporary key

STS = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA0000000000000001</AccessKeyId>"
    "<SecretAccessKey>temporary/secret+key</SecretAccessKey><SessionToken>temporary/token+of/role==</SessionToken>"
    "<Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)


@pytest.mark.parametrize("cut", [None, 150, 250, 300])
@pytest.mark.parametrize("expiration", ["2099-01-01T00:00:00Z", "never", "2001-01-01T00:00:00Z"])
def test_the_temporary_key_of_a_role_never_comes_out(config, monkeypatch, cut, expiration) -> None:
    """AWS's texts repeat it, percent-encoded too; an answer of STS that breaks off holds it."""
    echo = (
        "<ErrorResponse><Error><Code>Odd</Code><Message>ASIA0000000000000001 temporary/secret+key "
        "X-Amz-Security-Token=temporary%2Ftoken%2Bof%2Frole%3D%3D temporary/token+of/role==</Message></Error>"
        "</ErrorResponse>"
    )
    sts = STS.format(expiration)[:cut]
    monkeypatch.setattr(
        "botocore.httpsession.URLLib3Session.send",
        lambda _, request: respond(request, 200, sts) if "sts" in request.url else respond(request, 400, echo),
    )
    with pytest.raises(AwsError) as error:
        Aws(parse_account({**RAW_ACCOUNT, **ROLE}), config, "test").distributions()
    shown = "".join(traceback.format_exception(type(error.value), error.value, error.value.__traceback__))
    assert "temporary/" not in shown.replace("temporary key", "")
    assert "temporary%" not in shown
    assert "ASIA0" not in shown
    if cut is None and expiration.startswith("2099"):
        assert "AWS refused the call (Odd: *** *** X-Amz-Security-Token=*** ***)" in str(error.value)
    else:
        assert str(error.value).startswith("Assuming the role failed: ")
