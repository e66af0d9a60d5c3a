"""Signs or verifies with pyHanko, for its time: with_pyhanko.py sign KEY.pfx PASSWORD IN OUT | verify ROOTS.pem FILE"""
import sys

if sys.argv[1] == "sign":
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
    from pyhanko.sign.fields import SigSeedSubFilter

    signer = SimpleSigner.load_pkcs12(sys.argv[2], passphrase=sys.argv[3].encode())
    with open(sys.argv[4], "rb") as f, open(sys.argv[5], "wb+") as out:
        meta = PdfSignatureMetadata(field_name="Signature", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")
        sign_pdf(IncrementalPdfFileWriter(f), meta, signer=signer, output=out)
else:
    from pyhanko.keys import load_certs_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    with open(sys.argv[3], "rb") as f:
        roots = list(load_certs_from_pemder([sys.argv[2]]))
        status = validate_pdf_signature(PdfFileReader(f).embedded_signatures[0], ValidationContext(trust_roots=roots))
        sys.exit(not (status.intact and status.valid))
