"""What is expected of every route: which roles may use it, and who may know of which thing. Data only.

Written from what the office allows, not from the code: a change of the permission table must be made here
too.
"""

from __future__ import annotations

from tests.factories.lived import PEOPLE, STRANGERS

LETTERS = {
    "A": "administrator",
    "C": "records_clerk",
    "O": "chief_of_office",
    "L": "leader",
    "H": "head_of_unit",
    "S": "specialist",
    "K": "counter_officer",
    "V": "supervisor",
}
"""A letter for each role."""
ANYBODY, PUBLIC = "anybody", "public"
"""Any account that is signed in; anybody at all."""
MAY: dict[str, str] = {
    "A": """
        accounts.appoint accounts.create accounts.hand_over accounts.invite accounts.leave accounts.list
        accounts.lock accounts.release accounts.reset_totp accounts.unlock accounts.update
        bodies.abolish_post bodies.add_post bodies.add_unit bodies.change bodies.close bodies.create
        bodies.end_authority bodies.grant_authority certificates.make_key mandates.end mandates.give
        pages.account pages.account_appoint pages.account_create pages.account_invite pages.account_leave
        pages.account_lock pages.account_new pages.account_totp_reset pages.account_unlock pages.accounts
        pages.guide pages.mandate_end pages.mandate_give pages.mandates signatures.add_key
        signatures.add_token signatures.end_token signatures.keys signatures.tokens
    """,
    "ACOLHSKV": """
        bodies.directory bodies.holders bodies.list bodies.posts bodies.resolve bodies.show bodies.tree
        bodies.units notifications.list notifications.mark_read notifications.unread pages.body
        pages.directory pages.notices pages.notices_read
    """,
    "AC": """
        certificates.ask_revocation certificates.list certificates.prepare certificates.request
        certificates.request_file certificates.request_fulfilled certificates.request_sent
        certificates.request_withdrawn certificates.requests certificates.revoked certificates.show
        certificates.take certificates.trust pages.certificate pages.certificate_prepare
        pages.certificate_request pages.certificate_request_file pages.certificate_requests
        pages.certificate_revocation pages.certificate_revoked pages.certificate_sent
        pages.certificate_take pages.certificate_withdraw pages.certificates pages.trust
    """,
    "AOLV": """
        audit.entries audit.prove pages.audit
    """,
    "AV": """
        audit.verify pages.audit_verify pages.health
    """,
    "C": """
        circulation.accept circulation.answer_recall circulation.hand_in_and_send circulation.post
        circulation.rebook circulation.recall circulation.refuse circulation.register_paper
        circulation.send circulation.undo_accept circulation.undo_refuse documents.hand_in
        documents.issue pages.accept_many pages.arrival_accept pages.arrival_answer_recall
        pages.arrival_refuse pages.document_issue pages.document_number pages.document_seal pages.paper
        pages.paper_form pages.post pages.recall pages.results_seal pages.send pages.send_form
        pages.token_seal_offer pages.use_outside pages.void registers.confirm_delivery registers.correct
        registers.correct_number registers.post registers.register_letter registers.take_number
        registers.use_outside registers.void registers.void_entry registers.void_posting results.seal
        signatures.number signatures.seal signatures.seal_attachment
    """,
    "CO": """
        documents.check_form pages.configure pages.document_pass_form pages.document_return_form
        registers.configure
    """,
    "COLH": """
        circulation.submit circulation.unassign documents.reject documents.send_back pages.arrival_submit
        pages.document_reject pages.document_send_back pages.submit_form
    """,
    "CLHK": """
        pages.result_drop results.drop
    """,
    "CHK": """
        pages.result_hand_over results.hand_over
    """,
    "HK": """
        pages.results_create pages.results_files pages.results_make pages.results_new results.attach
        results.create results.make
    """,
    "L": """
        pages.result_replace pages.result_revoke results.replace results.revoke
    """,
    "COLHKV": """
        pages.result pages.result_file pages.result_slip pages.results pages.results_batch
        pages.results_progress results.batch results.batches results.file results.procedures
        results.result results.results
    """,
    "COLHS": """
        circulation.reply documents.ask documents.comment documents.create documents.place
        documents.render documents.save documents.submit documents.take_back documents.withdraw pages.ask
        pages.ask_form pages.document_comment pages.document_render pages.document_submit
        pages.document_take_back pages.document_withdraw pages.draft_create pages.draft_edit
        pages.draft_new pages.draft_save pages.place pages.place_form pages.upload pages.upload_form
    """,
    "COLHSK": """
        files.append_upload files.begin_upload files.receive files.upload_state
    """,
    "COLHSKV": """
        circulation.arrival circulation.counts circulation.dispatch circulation.file circulation.inbox
        circulation.sent documents.counts documents.events documents.file documents.get documents.list
        documents.version pages.arrival pages.arrival_file pages.arrival_signatures pages.compare
        pages.dispatch pages.document pages.document_file pages.document_signatures pages.drafts
        pages.inbox pages.print_control pages.print_delivery pages.print_slip pages.print_stamp
        pages.search pages.sendings pages.sent pages.to_sign pages.token pages.version signatures.check
    """,
    "COLHV": """
        pages.book pages.books pages.number pages.print_book pages.series pages.series_list
        registers.books registers.complete registers.corrections registers.incoming registers.number
        registers.outgoing registers.postal registers.print registers.rules registers.series
        registers.series_list
    """,
    "OLH": """
        circulation.assign circulation.instruct documents.approve documents.approve_to_sign
        pages.arrival_assign pages.arrival_instruct pages.assign_form pages.assign_many
        pages.document_approve pages.document_approve_to_sign pages.document_sign pages.results_sign
        pages.token_offer results.sign signatures.sign
    """,
    "OLHSK": """
        circulation.finish circulation.remark circulation.reopen circulation.start pages.arrival_finish
        pages.arrival_remark pages.arrival_start
    """,
    "anybody": """
        accounts.permissions accounts.show mandates.list pages.act_as pages.bulk pages.bulk_figures
        pages.bulk_run pages.bulk_stop pages.counts pages.end_others pages.end_session pages.home
        pages.me pages.password pages.security pages.sign_out pages.token_state pages.totp_begin
        pages.totp_confirm registers.profiles session.begin_totp session.change_password
        session.choose_post session.confirm_totp session.end session.end_others session.list
        session.remove_totp session.renew_codes session.show session.sign_out signatures.begin_deferred
        signatures.bulk_items signatures.bulk_run signatures.bulk_runs signatures.complete_deferred
        signatures.deferred signatures.start_bulk signatures.stop_bulk tokens.issue tokens.list
        tokens.revoke
    """,
    "public": """
        lookup.check lookup.code lookup.fetch pages.invitation pages.invitation_accept pages.lookup
        pages.lookup_code pages.lookup_fetch pages.lookup_file pages.prefer pages.sign_in
        pages.sign_in_form session.accept_link session.sign_in signatures.fetch_offered
        signatures.take_back
    """,
}
"""Roles -> names of the routes they may use."""
TOKEN_ACTIONS = {
    "machine": ("circulation.read", "circulation.accept"),
    "machine_unscoped": ("organisations.read",),
}
"""What the two machine tokens are for; each is a clerk's."""

_SENDERS = frozenset({"sender_clerk"})
_SUPERVISOR = frozenset({"supervisor"})
_CLERK = frozenset({"clerk", "machine"})
_WORKED_ON = frozenset({"specialist", "leader", "delegate", "clerk", "machine"})

KNOWN_TO: dict[str, frozenset[str]] = {
    # Of the party committee: outside the mandate, and not of the bodies that only got it.
    "document_issued": frozenset({"sender_specialist", "sender_chief", "sender_leader", "sender_clerk"}),
    "document_open": _SENDERS,
    "document_secret": _SENDERS,
    "dispatch_open": _SENDERS,
    "dispatch_secret": _SENDERS,
    # Of the department: inside the mandate, unless restricted.
    "document_answer": frozenset({"specialist", "chief", "leader", "delegate", "clerk", "supervisor"}),
    "document_draft": frozenset({"specialist", "supervisor"}),
    "document_submitted": frozenset({"specialist", "chief", "supervisor"}),
    "document_restricted": frozenset({"specialist"}),
    "arrival_open": _CLERK | _SUPERVISOR,
    "arrival_done": _WORKED_ON | _SUPERVISOR,
    "arrival_secret": _CLERK,
    # Of the commune: inside the mandate.
    "arrival_open_commune": frozenset({"commune_clerk", "supervisor"}),
    "arrival_paper": frozenset({"commune_clerk", "supervisor"}),
    # Books of the department: its clerk, its heads, and the supervisor.
    "number": frozenset({"clerk", "chief", "leader", "deputy", "head", "delegate", "supervisor"}),
    "series": frozenset({"clerk", "chief", "leader", "deputy", "head", "delegate", "supervisor"}),
    "incoming_entry": frozenset({"clerk"}),
    "postal_entry": frozenset({"clerk"}),
    # Of the one-stop centre: outside the mandate, and nobody else's.
    "batch": frozenset({"counter"}),
    "result": frozenset({"counter"}),
    # One's own.
    "upload": frozenset({"clerk"}),
    "session": frozenset({"clerk"}),
    "token_clerk": frozenset({"clerk"}),
    "mandate": frozenset({"administrator"}),
}
"""Thing -> who may know that it exists. Whoever may not gets 404, or 403 when their role may not at all."""
SENT_BACK_BY_SENDER = frozenset({"circulation.recall"})
"""Acts on an arrival that belong to the sender's clerk, who knows it through the dispatch."""
FORMER = "former"
"""Held the specialist's post until it was handed over."""
EVERYBODY = (
    *PEOPLE,
    *STRANGERS,
    "counter",
    "specialist",
    "delegate",
    "machine",
    "machine_unscoped",
    "former_machine",
)
"""All who try."""


def expected() -> dict[str, str]:
    """Return name of route -> who may: letters, ANYBODY or PUBLIC. Raises ValueError on a name twice."""
    found: dict[str, str] = {}
    for who, names in MAY.items():
        for name in names.split():
            if name in found:
                raise ValueError(f"{name} stands twice")
            found[name] = who
    return found
