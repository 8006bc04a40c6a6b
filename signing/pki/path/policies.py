"""Certificate policies (RFC 5280, 6.1.2-6.1.5), as the graph of RFC 9618.

The tree of RFC 5280 doubles with every certificate of a hostile chain; the graph holds one node for each
policy and certificate and gives the same sets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from signing.pki.path.certificate import ANY_POLICY, Certificate

MOST_POLICIES = 1024
"""In one certificate; more are refused."""


@dataclass(slots=True)
class Node:
    """A node: its policy is the key under which it stands."""

    expected: set[str]
    """expected_policy_set."""
    parents: set[str] = field(default_factory=set)
    """Policies of its parents, one certificate nearer to the anchor."""


class PolicyGraph:
    """valid_policy_graph; ``levels`` empty = NULL."""

    def __init__(self) -> None:
        """Begin with anyPolicy (6.1.2 a)."""
        self.levels: list[dict[str, Node]] = [{ANY_POLICY: Node({ANY_POLICY})}]

    @property
    def null(self) -> bool:
        """Whether no policy is left."""
        return not self.levels

    def process(self, policies: frozenset[str] | None, *, any_policy: bool) -> None:
        """Go on to a certificate with these policies (6.1.3 d-e); ``any_policy`` = it may assert all."""
        if policies is None:
            self.levels = []
        if self.null or policies is None:
            return
        above = self.levels[-1]
        level: dict[str, Node] = {}
        by_expected: dict[str, set[str]] = {}
        for policy, node in above.items():
            for expected in node.expected:
                by_expected.setdefault(expected, set()).add(policy)
        for policy in policies - {ANY_POLICY}:
            if policy in by_expected:
                level[policy] = Node({policy}, by_expected[policy])
            elif ANY_POLICY in above:
                level[policy] = Node({policy}, {ANY_POLICY})
        if ANY_POLICY in policies and any_policy:
            for expected, parents in by_expected.items():
                if expected not in level:
                    level[expected] = Node({expected}, parents)
        self.levels.append(level)
        self._prune()

    def map(self, pairs: Iterable[tuple[str, str]], *, allowed: bool) -> None:
        """Apply policy mappings (6.1.4 b)."""
        if self.null:
            return
        mapped: dict[str, set[str]] = {}
        for issuer, subject in pairs:
            mapped.setdefault(issuer, set()).add(subject)
        level = self.levels[-1]
        for issuer, subjects in mapped.items():
            if not allowed:
                level.pop(issuer, None)
            elif issuer in level:
                level[issuer].expected = subjects
            elif ANY_POLICY in level:
                level[issuer] = Node(subjects, {ANY_POLICY})
        self._prune()

    def constrained(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return user_constrained_policy_set, in the anchor's domain (RFC 9618, 5.5; 6.1.5 g).

        ``wanted`` is user_initial_policy_set; with anyPolicy in it all that the authorities allow.
        """
        if self.null:
            return frozenset()
        found = {
            policy
            for level in self.levels[1:]
            for policy, node in level.items()
            if policy != ANY_POLICY and ANY_POLICY in node.parents
        }
        free = ANY_POLICY in self.levels[-1]
        if ANY_POLICY in wanted:
            return frozenset(found | ({ANY_POLICY} if free else set()))
        return frozenset(wanted if free else found & wanted)

    def _prune(self) -> None:
        """Drop nodes from which no certificate so far follows (6.1.3 d 3)."""
        for number in range(len(self.levels) - 1, 0, -1):
            used: set[str] = set().union(*(node.parents for node in self.levels[number].values()))
            above = self.levels[number - 1]
            for policy in above.keys() - used:
                del above[policy]
        if not self.levels[0] or not self.levels[-1]:
            self.levels = []


@dataclass(slots=True)
class PolicyState:
    """The policy variables of 6.1.2 (a, d-f) along one path."""

    graph: PolicyGraph
    explicit: int
    inhibit_any: int
    mapping: int

    @classmethod
    def start(cls, length: int, *, explicit: bool, inhibit_any: bool, inhibit_mapping: bool) -> PolicyState:
        """Begin a path of ``length`` certificates."""
        return cls(
            PolicyGraph(),
            0 if explicit else length + 1,
            0 if inhibit_any else length + 1,
            0 if inhibit_mapping else length + 1,
        )

    def enter(self, certificate: Certificate, *, last: bool) -> str:
        """Process a certificate (6.1.3 d-f); return the fault or "". Raises NotDer."""
        policies = certificate.policies
        if policies is not None and len(policies) > MOST_POLICIES:
            return "a certificate with too many policies"
        any_policy = self.inhibit_any > 0 or (not last and certificate.self_issued)
        self.graph.process(policies, any_policy=any_policy)
        if self.explicit == 0 and self.graph.null:
            return "no certificate policy holds for the whole path, and one is required"
        return ""

    def leave(self, certificate: Certificate) -> str:
        """Prepare for the next certificate (6.1.4 a-b, h-j); return the fault or "". Raises NotDer."""
        pairs = certificate.policy_mappings
        if any(ANY_POLICY in pair for pair in pairs):
            return "a certificate maps to or from anyPolicy"
        if pairs:
            self.graph.map(pairs, allowed=self.mapping > 0)
        if not certificate.self_issued:
            self.explicit = max(0, self.explicit - 1)
            self.mapping = max(0, self.mapping - 1)
            self.inhibit_any = max(0, self.inhibit_any - 1)
        explicit, mapping = certificate.policy_constraints
        self.explicit = self.explicit if explicit is None else min(self.explicit, explicit)
        self.mapping = self.mapping if mapping is None else min(self.mapping, mapping)
        limit = certificate.inhibit_any_policy
        self.inhibit_any = self.inhibit_any if limit is None else min(self.inhibit_any, limit)
        return ""

    def finish(self, certificate: Certificate, wanted: frozenset[str]) -> tuple[frozenset[str], str]:
        """Wrap up (6.1.5 a-b, g); return the policies and the fault or "". Raises NotDer."""
        self.explicit = max(0, self.explicit - 1)
        if certificate.policy_constraints[0] == 0:
            self.explicit = 0
        found = self.graph.constrained(wanted)
        if self.explicit == 0 and not found:
            return found, "the path is not valid for any policy that was asked for"
        return found, ""
