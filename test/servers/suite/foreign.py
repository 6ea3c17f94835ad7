"""What Python's own clients find: the servers are proved by others before our clients are judged by them.

Usage: foreign.py SERVERS.json CHECK. TLS is verified by OpenSSL, chain and name; silence and status 0 mean that all held.
The standard library's NNTP client left it in Python 3.13, so that check speaks the protocol itself.
"""

import ftplib
import imaplib
import io
import json
import poplib
import smtplib
import socket
import ssl
import sys
import time
import uuid

SETTINGS = json.load(open(sys.argv[1], encoding="utf-8"))
CONTEXT = ssl.create_default_context(cafile=SETTINGS["ca"])
USER, PASSWORD = "alice", "secret"

real_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, *rest, **options):
    """The certificates' names lead to this machine, so that the clients verify the names that they dial."""
    for server in SETTINGS["servers"].values():
        if host == server.get("serverHostname"):
            host = server["host"]
    return real_getaddrinfo(host, *rest, **options)


socket.getaddrinfo = getaddrinfo


def place(server, port):
    found = SETTINGS["servers"][server]
    if "unavailable" in found:
        sys.exit(f"{server} was not started: {found['unavailable']}")
    return found["serverHostname"], found["ports"][port]


def message(subject, to=f"{USER}@example.test"):
    return f"From: bob@example.test\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nA dot:\r\n.\r\nend\r\n"


# IMAP


def imap_session(imap):
    imap.login(USER, PASSWORD)
    mailbox = f"foreign-{uuid.uuid4().hex}"
    assert imap.create(mailbox)[0] == "OK"
    assert imap.append(mailbox, None, None, message("appended").encode())[0] == "OK"
    assert imap.select(mailbox) == ("OK", [b"1"])
    assert b"Subject: appended" in imap.fetch("1", "(BODY[])")[1][0][1]
    imap.close()
    assert imap.delete(mailbox)[0] == "OK"
    imap.logout()


def imap_implicit():
    imap_session(imaplib.IMAP4_SSL(*place("dovecot", "imaps"), ssl_context=CONTEXT))


def imap_starttls():
    imap = imaplib.IMAP4(*place("dovecot", "imap"))
    imap.starttls(CONTEXT)
    imap_session(imap)


# SMTP and LMTP, with the delivery seen


def delivered(subject):
    imap = imaplib.IMAP4_SSL(*place("dovecot", "imaps"), ssl_context=CONTEXT)
    imap.login(USER, PASSWORD)
    imap.select("INBOX")
    for _ in range(100):
        imap.noop()
        found = imap.uid("SEARCH", "HEADER", "Subject", subject)[1][0].split()
        if found:
            imap.uid("STORE", found[0], "+FLAGS", "\\Deleted")
            imap.expunge()
            imap.logout()
            return
        time.sleep(0.1)
    raise AssertionError(f"{subject} was not delivered")


def submit(smtp):
    subject = f"submitted-{uuid.uuid4().hex}"
    smtp.login(USER, PASSWORD)
    smtp.sendmail("bob@example.test", ["alice@example.test"], message(subject))
    smtp.quit()
    delivered(subject)


def smtp_starttls(server, port):
    smtp = smtplib.SMTP(*place(server, port))
    smtp.starttls(context=CONTEXT)
    submit(smtp)


def smtp_implicit(server, port):
    submit(smtplib.SMTP_SSL(*place(server, port), context=CONTEXT))


def smtp_refused_recipient():
    smtp = smtplib.SMTP(*place("postfix", "smtp"))
    smtp.starttls(context=CONTEXT)
    subject = f"half-{uuid.uuid4().hex}"
    refused = smtp.sendmail(
        "bob@example.test", ["alice@example.test", "nobody@example.test"], message(subject)
    )
    smtp.quit()
    assert refused["nobody@example.test"][0] == 550, refused
    delivered(subject)


def lmtp():
    client = smtplib.LMTP(*place("dovecot", "lmtp"))
    client.starttls(context=CONTEXT)
    client.ehlo_or_helo_if_needed()
    subject = f"lmtp-{uuid.uuid4().hex}"
    client.sendmail("bob@example.test", ["alice@example.test"], message(subject))
    client.quit()
    delivered(subject)


# POP3


def pop_session(pop):
    pop.user(USER)
    pop.pass_(PASSWORD)
    count, octets = pop.stat()
    assert count >= 0 and octets >= 0
    assert len(pop.uidl()[1]) == count
    pop.quit()


def pop_implicit():
    pop_session(poplib.POP3_SSL(*place("dovecot", "pop3s"), context=CONTEXT))


def pop_starttls():
    pop = poplib.POP3(*place("dovecot", "pop3"))
    pop.stls(CONTEXT)
    pop_session(pop)


# ManageSieve (RFC 5804): no client in the standard library


class Lines:
    def __init__(self, server, port, implicit):
        name, number = place(server, port)
        self.name = name
        self.use(socket.create_connection((name, number), 10))
        if implicit:
            self.secure()

    def use(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")

    def secure(self):
        self.use(CONTEXT.wrap_socket(self.connection, server_hostname=self.name))

    def say(self, line):
        self.connection.sendall(line.encode() + b"\r\n")

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def until(self, *ends):
        lines = [self.line()]
        while not lines[-1].startswith(ends):
            assert self.file.peek(1), f"closed after {lines}"
            lines.append(self.line())
        return lines


def sieve_starttls():
    sieve = Lines("dovecot", "sieve", implicit=False)
    assert '"STARTTLS"' in sieve.until("OK")
    sieve.say("STARTTLS")
    sieve.until("OK")
    sieve.secure()
    sieve.until("OK")
    sieve.say('AUTHENTICATE "PLAIN" "AGFsaWNlAHNlY3JldA=="')
    sieve.until("OK")
    sieve.say("LISTSCRIPTS")
    sieve.until("OK")
    sieve.say("LOGOUT")
    sieve.until("OK")


# FTP over TLS: vsftpd and ProFTPD demand that the data connection resumes the control connection's session


class ReusingFtp(ftplib.FTP_TLS):
    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        name = place("vsftpd", "explicit")[0]
        session = self.sock.session
        return CONTEXT.wrap_socket(connection, server_hostname=name, session=session), size


def ftp_explicit():
    ftp = ReusingFtp(context=CONTEXT)
    ftp.connect(*place("vsftpd", "explicit"))
    ftp.login(USER, PASSWORD)
    ftp.prot_p()
    name = f"foreign-{uuid.uuid4().hex}"
    ftp.storbinary(f"STOR {name}", io.BytesIO(b"octets" * 10_000))
    assert name in ftp.nlst()
    got = []
    ftp.retrbinary(f"RETR {name}", got.append)
    assert b"".join(got) == b"octets" * 10_000
    ftp.delete(name)
    ftp.quit()


def ftp_demands_reuse(server):
    ftp = ftplib.FTP_TLS(context=CONTEXT)
    ftp.connect(*place(server, "explicit"))
    ftp.login(USER, PASSWORD)
    ftp.prot_p()
    try:
        ftp.nlst()
    except (ftplib.error_perm, ftplib.error_temp, OSError):
        return
    raise AssertionError("a data connection without the session was accepted")


# NNTP


def nntp_session(nntp):
    nntp.say("POST")
    assert nntp.line().startswith(("440", "480")), "posting needs no login"
    nntp.say(f"AUTHINFO USER {USER}")
    assert nntp.line().startswith("381")
    nntp.say(f"AUTHINFO PASS {PASSWORD}")
    assert nntp.line().startswith("281")
    identity = f"<{uuid.uuid4().hex}@example.test>"
    nntp.say("POST")
    assert nntp.line().startswith("340")
    nntp.say(
        "From: alice@example.test\r\nNewsgroups: fivewire.test\r\nSubject: foreign\r\n"
        f"Message-ID: {identity}\r\n\r\nhello\r\n."
    )
    assert nntp.line().startswith("240")
    nntp.say(f"STAT {identity}")
    assert nntp.line().startswith("223")
    nntp.say("GROUP fivewire.test")
    answer = nntp.line().split()
    assert answer[0] == "211" and int(answer[1]) > 0
    nntp.say(f"OVER {answer[3]}")
    assert identity in "\n".join(nntp.until("."))
    nntp.say("QUIT")
    assert nntp.line().startswith("205")


def nntp_implicit():
    nntp = Lines("inn2", "nntps", implicit=True)
    assert nntp.line().startswith("20")
    nntp_session(nntp)


def nntp_starttls():
    nntp = Lines("inn2", "nntp", implicit=False)
    assert nntp.line().startswith("20")
    nntp.say("STARTTLS")
    assert nntp.line().startswith("382")
    nntp.secure()
    nntp_session(nntp)


CHECKS = {
    "imap implicit": imap_implicit,
    "imap starttls": imap_starttls,
    "pop3 implicit": pop_implicit,
    "pop3 starttls": pop_starttls,
    "lmtp starttls": lmtp,
    "sieve starttls": sieve_starttls,
    "dovecot submission starttls": lambda: smtp_starttls("dovecot", "submission"),
    "dovecot submission implicit": lambda: smtp_implicit("dovecot", "submissions"),
    "postfix submission starttls": lambda: smtp_starttls("postfix", "submission"),
    "postfix submission implicit": lambda: smtp_implicit("postfix", "submissions"),
    "postfix refuses a recipient": smtp_refused_recipient,
    "ftp explicit": ftp_explicit,
    "vsftpd demands session reuse": lambda: ftp_demands_reuse("vsftpd"),
    "proftpd demands session reuse": lambda: ftp_demands_reuse("proftpd"),
    "nntp implicit": nntp_implicit,
    "nntp starttls": nntp_starttls,
}

CHECKS[sys.argv[2]]()
