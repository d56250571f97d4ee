"""moto's server for tests: the second opinion on Athena and S3, whose results the tests put there.

Listens on a free port of 127.0.0.1 and prints it on one line. Ends when its standard input ends, so
that it never outlives the test that started it.
"""

import logging
import os
import sys
import threading

from werkzeug.serving import make_server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    threading.Thread(target=end_with_parent, daemon=True).start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()


main()
