package main

import "regexp"

// known is a disagreement whose cause was found: who is wrong, or cannot know better, and why.
type known struct {
	judge string
	row   *regexp.Regexp // of samples
	says  *regexp.Regexp
	why   string
}

// disagreements are all that are accepted. Whatever is not among them fails the run.
var disagreements = []known{
	{"pdfsig", match(`SM2`), match(`^Unknown Validation Failure|has not yet been verified`),
		"NSS has neither SM2 nor SM3, and poppler knows none of the SubFilters that Chinese vendors chose. It refuses, which is right."},
	{"mutool", match(`SM2`), match(`^Digest error: Unknown error`),
		"MuPDF hands the value to OpenSSL's PKCS #7, which takes no SM2. It refuses, which is right."},
	{"openssl", match(`^seal `), match(`^not a SignedData`),
		"a SES_Signature (GB/T 38540) is not CMS; openssl has no command for it."},
	{"pyHanko", match(`SM2`), match(`1\.2\.156\.10197|signatures found|'Any' object`),
		"pyHanko knows the curves and digests of ISO/TS 32002 and 32001, which SM2 and SM3 are not among, and skips SubFilters that it does not know."},
	{"DSS", match(`SM2`), match(`NO_SIGNING_CERTIFICATE_FOUND|No signing certificate found|1\.2\.156\.10197|no signature was found|fields found`),
		"DSS knows the algorithms of ETSI TS 119 312, which SM2 and SM3 are not among, and skips SubFilters that it does not know."},
	{"DSS", match(`PEM$`), match(`^java.lang.UnsupportedOperationException: Document format not recognized`),
		"DSS reads CMS as DER alone; RFC 7468, 9, is an encoding for it to be undone first."},
	{"pdfsig", match(`51 pages`), match(`^Unknown issue with Certificate`),
		"poppler is wrong: it reads NSS's last error even where CERT_PKIXVerifyCert succeeded, which later versions no longer do, and among many signatures an earlier lookup leaves one behind. It calls the signatures themselves valid."},
	{"pyHanko", match(`certifies 2; then`), match(`^a new visible signature after a certification`),
		"pyHanko is stricter than ISO 32000-2, table 257, which lets P 2 be signed after, and says so of itself: with its option for what Acrobat allows it agrees."},
	{"SealDesk", match(`^mutool `), match(`^untrusted: verify.weak_signature`), sha1},
	{"DSS", match(`^mutool `), match(`SHA1 .*no longer considered reliable`), sha1},
	{"pyHanko", match(`^mutool `), match(`^INTACT:UNTRUSTED`), sha1},
	{"pyHanko", match(`^pdfsig `), match(`orphaned generation`),
		"poppler is wrong: it gives a new object the generation 1, where ISO 32000-2, 7.5.4, has 0. Nothing can be read two ways by that, so we and DSS read on."},
	{"SealDesk", match(`^DSS .*visible, after SealDesk`), match(`^invalid: verify.modified`), intents},
	{"pyHanko", match(`^DSS .*visible, after SealDesk`), match(`ILLEGAL_MODIFICATIONS`), intents},
	{"pyHanko", match(`^DSS .*LTA certifies 1`), match(`EXTENDED_WITH_FORM_FILLING,ILLEGAL_MODIFICATIONS`),
		"pyHanko takes the empty picture that DSS gives the field of its time stamp, at /Rect [0 0 0 0], for the filling of a form. A time stamp may follow a certification of P 1, and this one shows nothing."},
}

const (
	sha1    = "mutool is wrong: it signs with SHA-1 and cannot be told otherwise. SHA-1 proves nothing any more (ETSI TS 119 312, 5)."
	intents = "DSS is wrong: with a picture it adds an OutputIntents to the catalog, and so changes how the colours of pages that were signed before come out. pyHanko and we agree that this is a modification."
)

func match(expression string) *regexp.Regexp { return regexp.MustCompile(expression) }

// explain finds the number of a disagreement, from 1.
func explain(judge string, s sample, a said) int {
	for i, k := range disagreements {
		if k.judge == judge && k.row.MatchString(s.name) && k.says.MatchString(a.says) {
			return i + 1
		}
	}
	return 0
}
