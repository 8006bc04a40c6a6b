"""Name constraints (RFC 5280, 4.2.1.10 and 6.1.3 b-c)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from signing.pki.path.certificate import Certificate
from signing.pki.path.general import Form, GeneralName, Subtrees, Value

_JUDGED = (Form.EMAIL, Form.DNS, Form.DIRECTORY, Form.URI, Form.IP)


@dataclass(frozen=True, slots=True)
class NameState:
    """permitted_subtrees and excluded_subtrees (6.1.2 b-c) as they grow along a path.

    The intersection of permitted subtrees is kept as the list of its operands: a name must lie in one
    subtree of its form of each operand that has the form.
    """

    permitted: tuple[tuple[GeneralName, ...], ...] = ()
    excluded: tuple[GeneralName, ...] = ()

    def narrowed(self, by: Subtrees) -> NameState:
        """Return the state after a certificate with constraints (6.1.4 g)."""
        permitted = (*self.permitted, by.permitted) if by.permitted else self.permitted
        return NameState(permitted, (*self.excluded, *by.excluded))

    def fault(self, certificate: Certificate) -> str:
        """Return why a certificate's names are not allowed; "" when they are. Raises NotDer."""
        if not self.permitted and not self.excluded:
            return ""
        for name in _names(certificate):
            if name.form not in _JUDGED:
                if any(base.form is name.form for base in self._all()):
                    return "a name of a kind that is constrained and cannot be judged"
                continue
            if any(base.form is name.form and within(name, base) is not False for base in self.excluded):
                return f"{_text(name)} lies in an excluded subtree"
            for operand in self.permitted:
                bases = [base for base in operand if base.form is name.form]
                if bases and not any(within(name, base) for base in bases):
                    return f"{_text(name)} lies in no permitted subtree"
        return ""

    def _all(self) -> tuple[GeneralName, ...]:
        return tuple(base for operand in (*self.permitted, self.excluded) for base in operand)


def _names(certificate: Certificate) -> list[GeneralName]:
    """Return the names to be judged: subject, alternative names, and without these the subject's e-mails."""
    found = list(certificate.alternative_names)
    if not any(name.form is Form.EMAIL for name in found):
        found += [GeneralName(Form.EMAIL, mail.encode()) for mail in certificate.subject.emails]
    if not certificate.subject.empty:
        found.append(GeneralName(Form.DIRECTORY, certificate.subject.key))
    return found


def within(name: GeneralName, base: GeneralName) -> bool | None:
    """Whether a name lies in a subtree of its form; None = it cannot be told, which never helps the name."""
    if isinstance(name.value, tuple) or isinstance(base.value, tuple):
        return _in_directory(name.value, base.value)
    if name.form is Form.IP:
        return _in_network(name.value, base.value)
    try:
        value, limit = name.value.decode("ascii"), base.value.decode("ascii")
    except UnicodeDecodeError:
        return None
    if name.form is Form.EMAIL:
        return _in_mail(value, limit)
    if name.form is Form.URI:
        return _in_uri(value, limit)
    return _in_domain(value, limit)


def _in_directory(name: Value, base: Value) -> bool:
    return isinstance(name, tuple) and isinstance(base, tuple) and name[: len(base)] == base


def _in_network(name: bytes, base: bytes) -> bool | None:
    if len(base) not in (8, 32) or len(name) not in (4, 16):
        return None
    if len(base) != 2 * len(name):
        return False
    address, mask = base[: len(name)], base[len(name) :]
    return all(n & m == a & m for n, a, m in zip(name, address, mask, strict=True))


def _in_mail(mail: str, limit: str) -> bool | None:
    local, at, host = mail.rpartition("@")
    if not at or not local or not host:
        return None
    if "@" in limit:
        limit_local, _, limit_host = limit.rpartition("@")
        return local == limit_local and host.lower() == limit_host.lower()
    return _in_host(host, limit)


def _in_uri(uri: str, limit: str) -> bool | None:
    """Judge the host, which must be a name: anything else must be refused (4.2.1.10)."""
    try:
        host = urlsplit(uri).hostname
    except ValueError:
        return None
    if not host:
        return None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _in_host(host, limit)
    return None


def _in_host(host: str, limit: str) -> bool:
    """Judge a host of a mail or URI: a limit with a leading dot means what is below it, else itself."""
    host, limit = host.lower(), limit.lower()
    if not limit:
        return True
    return host.endswith(limit) and len(host) > len(limit) if limit.startswith(".") else host == limit


def _in_domain(name: str, limit: str) -> bool:
    """Judge a DNS name: itself or anything made by adding labels on the left."""
    name, limit = name.lower().rstrip("."), limit.lower().rstrip(".")
    if not limit:
        return True
    if limit.startswith("."):
        return name.endswith(limit) and len(name) > len(limit)
    return name == limit or name.endswith("." + limit)


def _text(name: GeneralName) -> str:
    if isinstance(name.value, tuple):
        return "the name of the subject"
    return f"the name {name.value[:80].decode('ascii', 'replace')!r}"
