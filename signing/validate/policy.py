"""Which later changes a signature allows, and which algorithms are strong enough.

pyHanko's difference policy is the engine. One rule is corrected: it reports the appearance of a locked
field as updated although nobody touched it since the signature; such reports are dropped here.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    GenericFieldModificationRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.form_rules_api import (
    FieldComparisonContext,
    FieldComparisonSpec,
    FormUpdate,
)

_LTA = ModificationLevel.LTA_UPDATES
WEAK_DIGESTS = frozenset({"md2", "md4", "md5", "sha1"})
"""Broken for signatures; seen in old files, so named and not called broken."""
SMALLEST_RSA = 2048
"""Bits (TT 15/2025/TT-BKHCN)."""


class TouchedFieldRule(GenericFieldModificationRule):
    """Form filling as pyHanko judges it, limited to objects that were really written since."""

    def check_form_field(
        self, fq_name: str, spec: FieldComparisonSpec, context: FieldComparisonContext
    ) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        """Yield the updates of one field whose objects changed after the signed revision."""
        xrefs = context.old.reader.xrefs
        for level, update in super().check_form_field(fq_name, spec, context):
            if xrefs.get_last_change(update.updated_ref) > context.old.revision:
                yield level, update


DIFF_POLICY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(),  # type: ignore[no-untyped-call]  # library not annotated
        DocInfoRule().as_qualified(_LTA),
        XrefStreamRule().as_qualified(_LTA),
        ObjectStreamRule().as_qualified(_LTA),
        DSSCompareRule().as_qualified(_LTA),
        MetadataUpdateRule().as_qualified(_LTA),  # type: ignore[no-untyped-call]  # as above
    ],
    form_rule=FormUpdatingRule(
        field_rules=[
            SigFieldCreationRule(),  # type: ignore[no-untyped-call]  # as above
            SigFieldModificationRule(),
            TouchedFieldRule(),
        ]
    ),
)
