"""moto as one application, behind the services of the embedded AWS that let it keep their resources."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from devtools.aws.accounts import AwsAccount
from devtools.aws.wire import Request, Response


class MotoApp:
    """Answers requests in the name of an account; `lock` guards moto's backends."""

    # The backends belong to the whole process and were not made for threads.
    lock = threading.RLock()

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(create_backend_app)

    def answer(self, request: Request, account: AwsAccount, **environ: Any) -> Response:
        """What moto answers to a request about the account's resources; `environ` takes precedence over its own."""
        changed = {
            **request.environ,
            "wsgi.input": BytesIO(request.body),
            "HTTP_X_MOTO_ACCOUNT_ID": account.account_id,
            **environ,
        }
        with self.lock:
            chunks, status, headers = run_wsgi_app(self._application, changed, buffered=True)
        return Response(int(status.split()[0]), dict(headers), b"".join(chunks))
