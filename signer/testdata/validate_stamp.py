# Validates the signatures of a PDF with pyHanko: validate_stamp.py FILE ROOTS.pem...
# Prints, for each: valid, time stamp valid, time stamp trusted, by whom.
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

roots = list(load_certs_from_pemder(sys.argv[2:]))
trust = lambda: ValidationContext(trust_roots=roots, allow_fetching=False)
with open(sys.argv[1], "rb") as f:
    for s in PdfFileReader(f).embedded_signatures:
        status = validate_pdf_signature(s, trust(), ts_validation_context=trust())
        stamp = status.timestamp_validity
        print(status.bottom_line, stamp.valid, stamp.trusted, stamp.signing_cert.subject.native["common_name"], sep="\t")
