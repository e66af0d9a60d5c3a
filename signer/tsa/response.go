package tsa

import (
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxAnswer is the longest answer in bytes that a Client reads.
const MaxAnswer = 1 << 20

// maxStatusText bounds what an authority says about a refusal, in bytes.
const maxStatusText = 400

// A failure is a bit of PKIFailureInfo (RFC 3161, 2.4.2).
type failure int

const (
	badAlg                failure = 0
	badRequest            failure = 2
	badDataFormat         failure = 5
	timeNotAvailable      failure = 14
	unacceptedPolicy      failure = 15
	unacceptedExtension   failure = 16
	addInfoNotAvailable   failure = 17
	systemFailure         failure = 25
	statusGranted                 = 0
	statusGrantedWithMods         = 1
	statusRejection               = 2
	statusRevocation              = 5 // revocationNotification, the last one known
)

var failures = map[failure]string{
	badAlg:              "the algorithm is not known or not supported",
	badRequest:          "the transaction is not permitted or not supported",
	badDataFormat:       "the data has the wrong format",
	timeNotAvailable:    "the authority's time source is not available",
	unacceptedPolicy:    "the policy is not supported",
	unacceptedExtension: "an extension is not supported",
	addInfoNotAvailable: "additional information is not understood or not available",
	systemFailure:       "the authority has a failure of its own",
}

var statuses = [...]string{"granted", "granted with changes", "rejected", "waiting",
	"a revocation is imminent", "a revocation has happened"}

// readAnswer returns the token of a TimeStampResp (RFC 3161, 2.4.2). A refusal is
// an Error of Kind Refused, in the authority's and the standard's words.
func readAnswer(der []byte) ([]byte, error) {
	bad := fail(Malformed, "not a time-stamp response")
	in := cryptobyte.String(der)
	var seq, info cryptobyte.String
	status := 0
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&status) {
		return nil, bad
	}
	if status < 0 || status > statusRevocation {
		return nil, fail(Malformed, "status %d is not known", status)
	}
	var words []string
	if info.PeekASN1Tag(cbasn1.SEQUENCE) {
		var texts, text cryptobyte.String
		if !info.ReadASN1(&texts, cbasn1.SEQUENCE) {
			return nil, bad
		}
		for said := 0; !texts.Empty(); said += len(text) + 1 {
			if !texts.ReadASN1(&text, cbasn1.UTF8String) {
				return nil, bad
			}
			if left := maxStatusText - said; left > 0 {
				words = append(words, printable(text[:min(len(text), left)]))
			}
		}
	}
	if info.PeekASN1Tag(cbasn1.BIT_STRING) {
		var bits asn1.BitString
		if !info.ReadASN1BitString(&bits) {
			return nil, bad
		}
		for i := range bits.BitLength {
			if bits.At(i) == 1 && failures[failure(i)] != "" {
				words = append(words, failures[failure(i)])
			}
		}
	}
	if !info.Empty() {
		return nil, bad
	}
	if status > statusGrantedWithMods {
		if !seq.Empty() {
			return nil, fail(Malformed, "a refusal with a time stamp")
		}
		return nil, fail(Refused, "%s", strings.Join(append([]string{statuses[status]}, words...), "; "))
	}
	if seq.Empty() {
		return nil, fail(Malformed, "a granted request without its time stamp")
	}
	return seq, nil // one element or not is for ParseToken to judge
}

// printable keeps a stranger's text from doing something to a log or a window.
func printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(text), "?"))
}

func granted(token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(statusGranted) })
		b.AddBytes(token)
	})
	return b.Bytes()
}

func rejected(f failure) ([]byte, error) {
	// A named bit list of DER ends with its last bit that is set (X.690, 11.2.2).
	bits := make([]byte, f/8+1)
	bits[f/8] = 0x80 >> (f % 8)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(statusRejection)
			b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
				b.AddUint8(uint8(7 - f%8))
				b.AddBytes(bits)
			})
		})
	})
	return b.Bytes()
}
