"""Holds PAdES LT and LTA against pyHanko, without a network but that of the test.

longterm.py judge FILE AT ROOT.pem...
    validates every signature by what the file brings alone, and prints a line for each: its field, what came of it, what
    came after it; then a line for each time stamp over the document. With one of those it is judged at a time (ISO 8601) as
    ETSI EN 319 102-1, 5.6.3 has it, else at the time of the signature's own time stamp, which is how pyHanko takes LT.
longterm.py make IN OUT LEVEL KEY.pem CERT.pem TSA ROOT.pem...
    signs a document at level lt or lta, asking where the certificates say.
"""
import asyncio
import sys
from datetime import datetime

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.validation import DocumentSecurityStore, async_validate_pdf_signature
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager


async def judge(path, at, *roots):
    at = datetime.fromisoformat(at)
    trusted = SimpleTrustManager.build(trust_roots=list(load_certs_from_pemder(roots)))
    spec = PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=CertValidationPolicySpec(trust_manager=trusted, revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO)),
            revinfo_gathering_policy=RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY),
        )
    )
    with open(path, "rb") as f:
        reader = PdfFileReader(f)
        for signature in reader.embedded_regular_signatures:
            if not reader.embedded_timestamp_signatures:
                moment = next(extract_tst_data_iter(signature.signer_info, signed=False))["encap_content_info"]["content"].parsed["gen_time"].native
                kept = DocumentSecurityStore.read_dss(reader)
                known = [
                    kept.as_validation_context({"trust_roots": list(load_certs_from_pemder(roots)), "moment": moment, "allow_fetching": False, "revocation_mode": "require"})
                    for _ in range(2)
                ]
                status = await async_validate_pdf_signature(signature, known[0], ts_validation_context=known[1])
                print(signature.field_name, "OK" if status.bottom_line else status.summary(), status.modification_level.name, status.docmdp_ok, sep="\t")
                continue
            timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)
            result = await ades_lta_validation(signature, spec, timing_info=timing)
            status = result.api_status
            print(signature.field_name, result.ades_subindic.standard_name, status.modification_level.name, status.docmdp_ok, sep="\t")
        for stamp in reader.embedded_timestamp_signatures:
            stamp.compute_integrity_info()
            print(stamp.field_name, stamp.evaluate_signature_coverage().name, sep="\t")


async def make(source, target, level, key, cert, tsa, *roots):
    trusted = list(load_certs_from_pemder(roots))
    signer = signers.SimpleSigner.load(key, cert, ca_chain_files=roots)
    context = ValidationContext(trust_roots=trusted, allow_fetching=True, revocation_mode="require")
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1",
        subfilter=fields.SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        embed_validation_info=True,
        use_pades_lta=level == "lta",
        validation_context=context,
    )
    with open(source, "rb") as f, open(target, "xb") as out:
        await signers.async_sign_pdf(
            IncrementalPdfFileWriter(f), meta, signer=signer, timestamper=timestamps.HTTPTimeStamper(tsa), output=out
        )


asyncio.run({"judge": judge, "make": make}[sys.argv[1]](*sys.argv[2:]))
