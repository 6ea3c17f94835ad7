# pyftpdlib with TLS demanded on both connections.
import os

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

authorizer = DummyAuthorizer()
for each in os.environ.get("FIVEWIRE_USERS", "alice:secret bob:secret").split():
    user, _, password = each.partition(":")
    authorizer.add_user(user, password, "{{data}}/home/" + user, perm="elradfmwMT")

handler = TLS_FTPHandler
handler.certfile = "{{conf}}/both.pem"
handler.authorizer = authorizer
handler.tls_control_required = True
handler.tls_data_required = True
handler.passive_ports = range({{explicitPassive}}, {{explicitPassive.last}} + 1)
handler.banner = "pyftpdlib ready"
FTPServer(("{{listen}}", {{explicit}}), handler).serve_forever()
