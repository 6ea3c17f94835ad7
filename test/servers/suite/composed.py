"""What Python's email package finds wrong with messages: a line each. Usage: composed.py FOLDER, which holds them as files."""

import email
import email.policy
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
found = 0
for path in sorted(folder.iterdir()):
    octets = path.read_bytes()
    message = email.message_from_bytes(octets, policy=email.policy.default)
    problems = []
    for part in message.walk():
        if not part.is_multipart():
            part.get_payload(decode=True)
        problems += part.defects
        for name, value in part.items():
            problems += [f"{name}: {defect}" for defect in value.defects]
    if max(len(line) for line in octets.split(b"\r\n")) > 998:
        problems.append("a line is too long")
    if b"\n" in octets.replace(b"\r\n", b"") or b"\r" in octets.replace(b"\r\n", b""):
        problems.append("a line end stands alone")
    found += 1
    for problem in problems:
        print(f"{path.name}: {problem!r}")
print(f"{found} messages")
