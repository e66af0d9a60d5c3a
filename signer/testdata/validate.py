"""Tells what pyHanko makes of each signature field of a PDF: validate.py FILE ROOT.pem...

A line a field: its name, whether pyHanko's bottom line is good, what it covers and what came after."""
import sys

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


def root(path):
    with open(path, "rb") as f:
        return x509.Certificate.load(pem.unarmor(f.read())[2])


roots = [root(path) for path in sys.argv[2:]]
with open(sys.argv[1], "rb") as f:
    for signature in PdfFileReader(f).embedded_signatures:
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))
        print(signature.field_name, status.bottom_line, status.coverage.name, status.modification_level.name, status.docmdp_ok, sep="\t")
