package pdfsig

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash"
)

// Hash returns a new hash of the kind that the signature needs.
func (p *Plan) Hash() (hash.Hash, error) { return p.req.Frame.Hash() }

// Sign asks the key once and returns the update, which belongs behind the document's last byte. The hash is one of Hash that
// has taken in the document's bytes and nothing else; it is used up.
//
// Errors: *Error (ReserveExceeded), the Frame's and the key's.
func (p *Plan) Sign(document hash.Hash) ([]byte, error) {
	document.Write(p.update[:p.gap[0]])
	document.Write(p.update[p.gap[1]:])
	der, err := p.req.Frame.Sign(document.Sum(nil), p.scope)
	if err != nil {
		return nil, err
	}
	if len(der) > p.reserve {
		return nil, &Error{Kind: ReserveExceeded, Need: len(der), Reserved: p.reserve,
			Detail: fmt.Sprintf("the signature value has %d bytes, there is room for %d", len(der), p.reserve)}
	}
	update := bytes.Clone(p.update)
	hex.Encode(update[p.gap[0]+1:], der)
	return update, nil
}
