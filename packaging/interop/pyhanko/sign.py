"""Signs with pyHanko: sign.py ROOTS.pem TSA-URL < COMMANDS

A command is a line with tabs between the words: LEVEL KEY.pfx PASSWORD IN OUT [OPTION...], the level B, T, LT or LTA. Options:
visible, certify=1 to 3, pss, adobe (adbe.pkcs7.detached instead of PAdES), field=NAME, detached (a SignedData over IN). The
answers are lines of JSON, one a command: file, and failure where there was one."""
import asyncio
import datetime
import io
import json
import sys
import warnings

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko_certvalidator import ValidationContext

tolerance = datetime.timedelta(minutes=1)  # what is asked for while pyHanko signs is newer than the time it began at
roots, stamps = list(load_certs_from_pemder([sys.argv[1]])), HTTPTimeStamper(sys.argv[2])


def sign(level, pfx, password, source, target, *options):
    chosen = dict(o.partition("=")[::2] for o in options)
    signer = SimpleSigner.load_pkcs12(pfx, passphrase=password.encode(), prefer_pss="pss" in chosen)
    stamper = stamps if level != "B" else None
    if "detached" in chosen:
        with open(source, "rb") as f:
            value = asyncio.run(signer.async_sign_general_data(f, "sha256", detached=True, timestamper=stamper, use_cades=True))
        with open(target, "wb") as f:
            f.write(value.dump())
        return
    field = chosen.get("field", "Signature")
    box = (320, 100, 440, 160) if "visible" in chosen else None
    meta = PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", reason="contract",
        subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED if "adobe" in chosen else SigSeedSubFilter.PADES,
        certify="certify" in chosen, docmdp_permissions=MDPPerm(int(chosen.get("certify", "2"))),
        embed_validation_info=level in ("LT", "LTA"), use_pades_lta=level == "LTA",
        validation_context=ValidationContext(trust_roots=roots, allow_fetching=True, revocation_mode="require", time_tolerance=tolerance) if level in ("LT", "LTA") else None)
    with open(source, "rb") as f:
        out = io.BytesIO()
        PdfSigner(meta, signer=signer, timestamper=stamper, new_field_spec=SigFieldSpec(field, on_page=0, box=box)).sign_pdf(IncrementalPdfFileWriter(f), output=out)
    with open(target, "wb") as f:
        f.write(out.getbuffer())


warnings.simplefilter("ignore")
for line in sys.stdin:
    words = line.rstrip("\n").split("\t")
    said = {"file": words[4]}
    try:
        sign(*words)
    except Exception as e:  # the others are signed all the same
        said["failure"] = f"{type(e).__name__}: {e}"
    print(json.dumps(said), flush=True)
