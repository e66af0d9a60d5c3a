"""Tells what pyHanko makes of signatures: judge.py ROOTS.pem < COMMANDS

A command is a line with tabs between the words: online|offline LEVELS FILE [CONTENT]. The levels are of the signatures in
their order, with commas between them: B, T, LT, LTA or anything else for none of them. The file is a PDF, or with a content
a detached signature over it. Offline no revocation is asked for: what proves it must be in the file.

The answers are lines of JSON, one a field: file, field, good (pyHanko's bottom line), lax (the same, were it to allow new
visible signatures after a certification as Acrobat does), ades (its verdict by EN 319 102-1, where the level has one), covers,
changes, why."""
import asyncio
import copy
import datetime
import json
import sys
import warnings

from asn1crypto import cms, pem
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
from pyhanko.sign.validation import DocumentTimestampStatus, async_validate_detached_cms, async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_basic_validation, ades_lta_validation, ades_with_time_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, RevinfoOnlineFetchingRule, RevocationInfoGatheringSpec, SignatureValidationSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

roots = list(load_certs_from_pemder([sys.argv[1]]))
tolerance = datetime.timedelta(minutes=1)  # an answer that is asked for while pyHanko judges is newer than the time it judges at
lax = copy.deepcopy(DEFAULT_DIFF_POLICY)
lax.form_rule.field_rules[0].allow_new_visible_after_certify = True


def context(online, reader=None):
    options = {"trust_roots": roots, "allow_fetching": online, "revocation_mode": "require", "time_tolerance": tolerance}
    if not online and reader is not None:
        return DocumentSecurityStore.read_dss(reader).as_validation_context(options)
    return ValidationContext(**options)


async def ades(online, level, signature):
    rule = RevinfoOnlineFetchingRule.ALWAYS_FETCH if online else RevinfoOnlineFetchingRule.LOCAL_ONLY
    spec = SignatureValidationSpec(
        CertValidationPolicySpec(trust_manager=SimpleTrustManager.build(trust_roots=roots), revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
                                 time_tolerance=tolerance),
        RevocationInfoGatheringSpec(rule))
    if level == "LTA":
        result = await ades_lta_validation(signature, PdfSignatureValidationSpec(spec))
    elif level == "T":
        result = await ades_with_time_validation(signature.signed_data, spec, raw_digest=signature.compute_digest())
    elif level == "B":
        result = await ades_basic_validation(signature.signed_data, spec, raw_digest=signature.compute_digest())
    else:
        return ""
    return str(result.ades_subindic).removeprefix("AdES") + (": " + result.failure_msg if result.failure_msg else "")


async def judge_detached(online, levels, path, content):
    with open(path, "rb") as f:
        data = f.read()
    if pem.detect(data):
        data = pem.unarmor(data)[2]
    trust = context(online)
    with open(content, "rb") as f:
        status = await async_validate_detached_cms(f, cms.ContentInfo.load(data)["content"], signer_validation_context=trust)
    await trust.aclose()
    say(path, "", status)


async def judge_pdf(online, levels, path):
    with open(path, "rb") as f:
        reader, judged = PdfFileReader(f), {}
        for s in reader.embedded_signatures:
            value = s.sig_field.raw_get("/V").idnum  # several fields may share one signature
            trust, more = context(online, reader), {}
            if s.sig_object["/Type"] == "/DocTimeStamp":
                status, judged[value] = await async_validate_pdf_timestamp(s, trust), ""
            else:
                status = await async_validate_pdf_signature(s, trust, ts_validation_context=trust)
                if not status.bottom_line:
                    more["lax"] = bool((await async_validate_pdf_signature(s, trust, ts_validation_context=trust, diff_policy=lax)).bottom_line)
            await trust.aclose()
            if value not in judged:
                judged[value] = await ades(online, next(levels, ""), s)
            changes = status.modification_level
            say(path, s.field_name, status, ades=judged[value], covers=status.coverage.name, changes=changes.name if changes is not None else "", **more)


def good(status):
    if isinstance(status, DocumentTimestampStatus):
        return status.valid and status.trusted and status.docmdp_ok is not False
    return status.bottom_line


def say(path, field, status, **more):
    print(json.dumps({"file": path, "field": field, "good": bool(good(status)), "why": status.summary()} | more), flush=True)


async def main():
    for line in sys.stdin:
        how, levels, *files = line.rstrip("\n").split("\t")
        try:
            await (judge_pdf if len(files) == 1 else judge_detached)(how == "online", iter(levels.split(",")), *files)
        except Exception as e:  # a judge that stumbles says so, and goes on
            print(json.dumps({"file": files[0], "failure": f"{type(e).__name__}: {e}"}), flush=True)


warnings.simplefilter("ignore")
asyncio.run(main())
