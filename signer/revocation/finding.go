package revocation

import (
	"time"

	"sealdesk/signer/finding"
)

// Whoever was revoked is not to be trusted; what is not known leaves the verdict, and says so.
var catalogue = finding.Catalogue{Room: "revocation", Known: map[string]finding.Known{
	"revoked":                finding.Doubt.Saying("{name} was revoked at {at}: {reason}"),
	string(NoAddress):        finding.Note.Saying("whether {name} was revoked is not known: its certificate does not say where to ask"),
	string(NotAsked):         finding.Note.Saying("whether {name} was revoked is not known: nobody was asked"),
	string(Unreachable):      finding.Note.Saying("whether {name} was revoked is not known: no answer could be fetched: {detail}"),
	string(Declined):         finding.Note.Saying("whether {name} was revoked is not known: the responder does not answer: {detail}"),
	string(NotListed):        finding.Doubt.Saying("the authority does not know that it issued the certificate of {name}"),
	string(Malformed):        finding.Note.Saying("whether {name} was revoked is not known: the answer is malformed: {detail}"),
	string(TooLarge):         finding.Note.Saying("whether {name} was revoked is not known: the answer is too large"),
	string(OtherCertificate): finding.Note.Saying("whether {name} was revoked is not known: the answer is about others: {detail}"),
	string(WrongResponder):   finding.Note.Saying("whether {name} was revoked is not known: the answer is of somebody who may not give it: {detail}"),
	string(Forged):           finding.Note.Saying("whether {name} was revoked is not known: the answer was altered or forged: {detail}"),
	string(WrongNonce):       finding.Note.Saying("whether {name} was revoked is not known: the answer belongs to another request"),
	string(Stale):            finding.Note.Saying("whether {name} was revoked is not known: the answer is too old: {detail}"),
	string(NotYet):           finding.Note.Saying("whether {name} was revoked is not known: the answer is from the future: {detail}"),
	string(AfterExpiry):      finding.Note.Saying("whether {name} was revoked is not known: the certificate expired, and need not be listed any more"),
	string(WeakAlgorithm):    finding.Note.Saying("whether {name} was revoked is not known: the answer's algorithm is too weak"),
	string(Unsupported):      finding.Note.Saying("whether {name} was revoked is not known: the answer is of a kind that is not known: {detail}"),
}}

// Finding says what an answer that is not good means to a signature; name is the
// certificate's holder. Its code is the answer's. An authority that does not know its
// own certificate casts a doubt on it.
func (a Answer) Finding(name string) finding.Finding {
	if a.Status == Revoked {
		return catalogue.Find("revoked", "name", name, "at", a.RevokedAt.UTC().Format(time.RFC3339), "reason", a.Reason)
	}
	return catalogue.Find(string(a.Why), "name", name, "detail", a.Detail)
}
