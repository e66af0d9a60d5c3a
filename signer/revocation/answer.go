package revocation

import (
	"bytes"
	"fmt"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// Status is the answer in one word.
type Status string

// The statuses. The zero Answer's is none of them.
const (
	Good     Status = "good"
	Revoked  Status = "revoked"
	NotKnown Status = "not_known"
)

// Source is the kind of evidence.
type Source string

// The sources.
const (
	OCSP Source = "ocsp"
	CRL  Source = "crl"
)

// Why says in one word why a status is not known.
type Why string

// The reasons not to know.
const (
	NoAddress        Why = "no_address"        // the certificate does not say where to ask
	NotAsked         Why = "not_asked"         // nobody was asked, since that was not allowed
	Unreachable      Why = "unreachable"       // no answer could be fetched
	Declined         Why = "declined"          // the responder does not answer this question, or not now
	NotListed        Why = "not_listed"        // the responder does not know the certificate
	Malformed        Why = "malformed"         // not strict DER, or not the structure
	TooLarge         Why = "too_large"         // longer than this package reads
	OtherCertificate Why = "other_certificate" // the answer is about others
	WrongResponder   Why = "wrong_responder"   // signed by somebody who may not answer for the issuer
	Forged           Why = "forged"            // altered, or not the work of who it names
	WrongNonce       Why = "wrong_nonce"       // the answer to another question, made before
	Stale            Why = "stale"             // a newer answer should exist
	NotYet           Why = "not_yet"           // the answer is from the future
	AfterExpiry      Why = "after_expiry"      // made when the certificate had expired and need not be listed any more
	WeakAlgorithm    Why = "weak_algorithm"    // signed with SHA-1 or MD5
	Unsupported      Why = "unsupported"       // an algorithm, or a kind of list, that is not known here
)

// Answer is what is known about one certificate.
type Answer struct {
	Status Status
	Source Source // of good and revoked

	RevokedAt time.Time // of revoked
	Reason    string    // of revoked: a CRLReason's name of RFC 5280, 5.3.1

	Why    Why    // of not known
	Detail string // of not known: for logs, in English

	ThisUpdate time.Time // the moment that the answer speaks of
	NextUpdate time.Time // zero when the answer does not say
	// Raw is the DER of the OCSPResponse or CertificateList, of good and revoked.
	Raw []byte
	// Responder is the delegated certificate that signed an OCSP answer; nil when the
	// issuer signed it.
	Responder *smx509.Certificate
}

// Code returns "revocation." with the status, or with why it is not known.
func (a Answer) Code() string {
	if a.Status == NotKnown {
		return "revocation." + string(a.Why)
	}
	return "revocation." + string(a.Status)
}

func unknown(why Why, format string, args ...any) Answer {
	return Answer{Status: NotKnown, Why: why, Detail: fmt.Sprintf(format, args...)}
}

// CRLReason, RFC 5280, 5.3.1.
var reasons = map[int]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", 6: Hold, 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
}

const removeFromCRL = 8

// Hold is the Reason of a revocation that may be taken back.
const Hold = "certificateHold"

// Question says about which moment is asked. The zero value asks about the present.
type Question struct {
	// At is the moment in question: zero is Now. An answer that is younger than At
	// speaks about it too, since a revocation is not taken back.
	At time.Time
	// Now is the present: zero is time.Now.
	Now time.Time
	// Nonce was sent with an OCSP request. An answer with another one is refused; one
	// without any is judged by its age, as many responders have theirs ready.
	Nonce []byte
}

func (q Question) settled() Question {
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	if q.At.IsZero() || q.At.After(q.Now) {
		q.At = q.Now
	}
	return q
}

const (
	skew = 5 * time.Minute
	// maxAge is for answers that do not say when the next one comes (RFC 6960, 4.2.2.1).
	maxAge = 24 * time.Hour
)

// timely says whether an answer speaks about the moment in question. That somebody was
// revoked is no less true for being old, unless the certificate was only put on hold.
func (q Question) timely(a Answer) error {
	until := a.NextUpdate
	if until.IsZero() {
		until = a.ThisUpdate.Add(maxAge)
	}
	final := a.Status == Revoked && a.Reason != Hold
	switch {
	case until.Before(a.ThisUpdate):
		return refuse(Malformed, "the answer ends before it begins")
	case a.ThisUpdate.After(q.Now.Add(skew)):
		return refuse(NotYet, "the answer is of %s", a.ThisUpdate.UTC().Format(time.RFC3339))
	case until.Add(skew).Before(q.At) && !final:
		return refuse(Stale, "the answer held until %s", until.UTC().Format(time.RFC3339))
	}
	return nil
}

// refusal is an Answer on its way out.
type refusal struct{ Answer }

func (r *refusal) Error() string { return string(r.Why) + ": " + r.Detail }

func refuse(why Why, format string, args ...any) error {
	return &refusal{unknown(why, format, args...)}
}

// issued says whether issuer signed cert, so that its word on cert counts.
func issued(cert, issuer *smx509.Certificate) error {
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) || cert.CheckSignatureFrom(issuer) != nil {
		return refuse(OtherCertificate, "%q did not issue the certificate", issuer.Subject.CommonName)
	}
	return nil
}

// asAnswer turns what a judge returned into an Answer that says no more than it may.
func asAnswer(a Answer, err error, cert *smx509.Certificate) Answer {
	if r, ok := err.(*refusal); ok {
		return r.Answer
	}
	if a.Status == Good && a.ThisUpdate.After(cert.NotAfter) {
		return unknown(AfterExpiry, "the answer is of %s, the certificate expired on %s",
			a.ThisUpdate.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return a
}
