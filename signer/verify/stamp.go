package verify

import (
	"sealdesk/signer/cms"
	"sealdesk/signer/tsa"
)

// maxStamps bounds the time stamps that are judged in one signature.
const maxStamps = 8

// stamps judges the time stamps over the signature's value (EN 319 122-1, 5.3). The
// earliest that holds proves that the signature was there at its time. One whose
// authority is not known, or no longer, proves nothing and does no harm; one that does
// not hold was put there by somebody who wanted it to be taken for one.
func (s *judged) stamps(sd *cms.SignedData, opts Options) {
	tokens, others := sd.TimeStamps()
	if others > 0 || len(tokens) > maxStamps {
		s.add(find("attr_not_checked"))
		tokens = tokens[:min(len(tokens), maxStamps)]
	}
	roots := opts.StampRoots
	if roots == nil {
		roots = opts.Roots
	}
	for _, der := range tokens {
		token, err := judgeStamp(der, sd.SignatureValue())
		if err != nil {
			s.add(find("timestamp_wrong", "detail", err.Error()))
			continue
		}
		if _, err := token.Trust(roots, opts.Intermediates, opts.Now); err != nil {
			s.add(find("timestamp_untrusted", "detail", err.Error()))
			continue
		}
		if s.StampedAt == nil || token.Time.Before(*s.StampedAt) {
			at := token.Time
			s.StampedAt, s.StampedBy = &at, signerName(token.Certificate())
		}
	}
	if s.StampedAt != nil && s.SignedAt != nil && s.SignedAt.After(s.StampedAt.Add(clockSkew)) {
		s.add(find("claimed_after_stamp"))
	}
}

func judgeStamp(der, value []byte) (*tsa.Token, error) {
	token, err := tsa.ParseToken(der)
	if err != nil {
		return nil, err
	}
	h := token.NewHash()
	h.Write(value)
	return token, token.Check(h.Sum(nil))
}
