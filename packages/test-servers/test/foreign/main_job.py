"""One protocol's main job with Python's standard library, against one of the servers. Prints what it saw as JSON.

Usage: main_job.py PROTOCOL MODE PORT CA-FILE
"""
import io
import json
import socket
import ssl
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # nntplib, which left in 3.13

HOST = "localhost"
MESSAGE = b"From: alice@example.org\r\nTo: bob@example.org\r\nSubject: From Python\r\n\r\nline\r\n.dot\r\n"


def smtp(mode, port, context):
    import smtplib

    if mode == "implicit-tls":
        client = smtplib.SMTP_SSL(HOST, port, context=context)
    else:
        client = smtplib.SMTP(HOST, port)
    if mode == "starttls":
        client.ehlo()
        before = dict(client.esmtp_features)
        client.starttls(context=context)
    client.ehlo()
    features = dict(client.esmtp_features)
    client.login("alice", "secret")
    refused = client.sendmail("alice@example.org", ["bob@example.org", "nobody@refused.example"], MESSAGE)
    client.docmd("MAIL FROM:<alice@example.org>")
    unknown = client.docmd("RCPT TO:<bob@example.org> FROB=1")
    client.rset()
    noop = client.noop()[0]
    vrfy = client.verify("bob")[0]
    quit_code = client.quit()[0]
    return {
        "authBeforeTls": "auth" in before if mode == "starttls" else None,
        "features": sorted(features),
        "refused": {address: reply[0] for address, reply in refused.items()},
        "unknownParameter": unknown[0],
        "codes": [noop, vrfy, quit_code],
    }


def lmtp(mode, port, context):
    import smtplib

    client = smtplib.LMTP(HOST, port)
    client.sendmail("alice@example.org", ["bob@example.org"], MESSAGE)
    code = client.quit()[0]
    return {"quit": code}


def imap(mode, port, context):
    import imaplib

    if mode == "implicit-tls":
        client = imaplib.IMAP4_SSL(HOST, port, ssl_context=context)
    else:
        client = imaplib.IMAP4(HOST, port)
    before = list(client.capabilities)
    if mode == "starttls":
        client.starttls(context)
    if mode == "cleartext":
        client.authenticate("PLAIN", lambda challenge: b"\0bob\0hunter2")
    else:
        client.login("bob", "hunter2")
    result = {"before": before}
    result["select"] = list(client.select()[1])  # imaplib goes on adding to its own list
    result["uidvalidity"] = client.response("UIDVALIDITY")[1] is not None
    client.append("INBOX", "\\Flagged", '"01-Jan-2026 10:00:00 +0100"', MESSAGE)
    client.append("INBOX", None, None, MESSAGE.replace(b"From Python", b"Second"))
    client.noop()
    result["search"] = client.search(None, "SUBJECT", '"From Python"')[1]
    result["uidSearch"] = client.uid("SEARCH", None, "FLAGGED")[1]
    fetched = client.fetch("1", "(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY[TEXT])")[1]
    result["fetch"] = [part.decode() if isinstance(part, bytes) else [text.decode() for text in part] for part in fetched]
    result["whole"] = client.fetch("1", "(RFC822)")[1][0][1] == MESSAGE
    result["store"] = client.store("2", "+FLAGS", "\\Deleted")[1]
    result["create"] = client.create('"Archive/2026"')[0]
    result["copy"] = client.copy("1", '"Archive/2026"')[0]
    result["list"] = [line.decode() for line in client.list('""', '"Archive*"')[1]]
    result["status"] = client.status('"Archive/2026"', "(MESSAGES UNSEEN)")[1]
    result["rename"] = client.rename('"Archive/2026"', '"Archive/old"')[0]
    result["delete"] = client.delete('"Archive/old"')[0]
    result["expunge"] = client.expunge()[1]
    result["namespace"] = client.namespace()[1]
    result["close"] = client.close()[0]
    result["logout"] = client.logout()[0]
    return result


def pop3(mode, port, context):
    import poplib

    if mode == "implicit-tls":
        client = poplib.POP3_SSL(HOST, port, context=context)
    else:
        client = poplib.POP3(HOST, port)
    before = client.capa()
    if mode == "starttls":
        client.stls(context)
    if mode == "cleartext":
        client.apop("bob", "hunter2")
    else:
        client.user("bob")
        client.pass_("hunter2")
    result = {"before": sorted(before), "after": sorted(client.capa()), "stat": client.stat()}
    result["list"] = client.list()[1]
    result["uidl"] = client.uidl()[1]
    result["retr"] = [line.decode() for line in client.retr(1)[1]]
    result["top"] = [line.decode() for line in client.top(1, 1)[1]]
    client.dele(1)
    client.rset()
    client.dele(2)
    result["left"] = client.stat()[0]
    try:
        client.retr(2)
    except poplib.error_proto as error:
        result["gone"] = error.args[0].decode()
    client.quit()
    return result


def ftp(mode, port, context):
    import ftplib

    class Implicit(ftplib.FTP_TLS):
        """ftplib has no implicit TLS of its own."""

        def connect(self, host, port):
            self.host, self.port = host, port
            self.sock = self.context.wrap_socket(socket.create_connection((host, port)), server_hostname=host)
            self.af = self.sock.family
            self.file = self.sock.makefile("r", encoding=self.encoding)
            self.welcome = self.getresp()
            return self.welcome

    if mode == "implicit-tls":
        client = Implicit(context=context)
    elif mode == "starttls":
        client = ftplib.FTP_TLS(context=context)
    else:
        client = ftplib.FTP()
    client.connect(HOST, port)
    client.login("alice", "secret")
    if mode != "cleartext":
        client.prot_p()
    lines = []
    client.retrlines("LIST", lines.append)
    names = [line.split()[-1] for line in lines]
    payload = bytes(range(256)) * 1000
    client.storbinary("STOR /pub/up.bin", io.BytesIO(payload))
    client.storbinary("STOR /pub/empty", io.BytesIO(b""))
    client.storbinary("APPE /pub/up.bin", io.BytesIO(b"tail"))
    got = io.BytesIO()
    client.retrbinary("RETR /pub/up.bin", got.write)
    tail = io.BytesIO()
    client.retrbinary("RETR /pub/up.bin", tail.write, rest=len(payload))
    empty = io.BytesIO()
    client.retrbinary("RETR /pub/empty", empty.write)
    text = []
    client.retrlines("RETR /pub/hello.txt", text.append)
    client.voidcmd("TYPE I")  # SIZE is refused in ASCII mode
    result = {
        "names": names,
        "whole": got.getvalue() == payload + b"tail",
        "tail": tail.getvalue().decode(),
        "empty": len(empty.getvalue()),
        "text": text,
        "size": client.size("/pub/up.bin"),
        "mlsd": {name: facts["type"] for name, facts in client.mlsd("/pub")},
        "nlst": client.nlst("/pub"),
        "mdtm": client.sendcmd("MDTM /pub/hello.txt"),
        "mkd": client.mkd('/with "quotes"'),
    }
    client.cwd('/with "quotes"')
    result["pwd"] = client.pwd()
    client.cwd("..")
    client.rmd('/with "quotes"')
    client.rename("/pub/up.bin", "/moved.bin")
    client.delete("/moved.bin")
    try:
        client.size("/moved.bin")
    except ftplib.error_perm as error:
        result["gone"] = str(error)[:3]
    conn = client.transfercmd("RETR /pub/hello.txt")
    conn.close()
    result["afterCut"] = client.voidresp()[:3]
    client.quit()
    return result


def nntp(mode, port, context):
    import nntplib

    if mode == "implicit-tls":
        client = nntplib.NNTP_SSL(HOST, port, ssl_context=context)
    else:
        client = nntplib.NNTP(HOST, port)
    before = sorted(client.getcapabilities())
    if mode == "starttls":
        client.starttls(context)
    client.login("alice", "secret")
    article = b"From: alice@example.org\r\nNewsgroups: test.reports\r\nSubject: Report\r\nMessage-ID: <one@x>\r\n\r\nbody\r\n.dot\r\n"
    result = {"before": before, "after": sorted(client.getcapabilities()), "post": client.post(article)[:3]}
    client.ihave("<two@x>", article.replace(b"<one@x>", b"<two@x>"))
    try:
        client.ihave("<two@x>", article)
    except nntplib.NNTPTemporaryError as error:
        result["seen"] = str(error)[:3]
    result["group"] = client.group("test.reports")[1:]
    result["over"] = [(number, row["subject"], row[":lines"]) for number, row in client.over((1, None))[1]]
    result["head"] = [line.decode() for line in client.head("<one@x>")[1].lines]
    result["body"] = [line.decode() for line in client.body("1")[1].lines]
    result["stat"] = client.stat("<two@x>")[1:]
    result["next"] = client.next()[1]
    result["last"] = client.last()[1]
    result["xhdr"] = client.xhdr("subject", "1-2")[1]
    result["list"] = [info.group for info in client.list()[1]]
    result["descriptions"] = client.descriptions("test.*")[1]
    result["newgroups"] = len(client.newgroups(__import__("datetime").datetime(2020, 1, 1))[1])
    result["newnews"] = client.newnews("test.*", __import__("datetime").datetime(2020, 1, 1))[1]
    result["date"] = client.date()[1].year > 2020
    client.help()
    result["quit"] = client.quit()[:3]
    return result


def plain(value):
    """bytes as text, wherever they are."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


protocol, mode, port, ca = sys.argv[1:]
socket.setdefaulttimeout(15)
context = ssl.create_default_context(cafile=ca)
print(json.dumps(plain(globals()[protocol](mode, int(port), context))))
