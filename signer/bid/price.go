package bid

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// PriceCommitment is the name of the commitment to the price.
const PriceCommitment = "price"

const (
	maxOpening = 64 << 10 // bytes of a commitment's opening
	nonceBytes = 16       // of a commitment
	maxFields  = 64
)

// Price is what is read out (唱标): the fields of the price form in its order.
type Price struct {
	Fields []Field `json:"fields"`
}

// Field is one of them.
type Field struct {
	Capitals string `json:"capitals"` // 大写, "" where the form asks for none
	Name     string `json:"name"`
	Value    string `json:"value"`
}

// opening is what reveals a commitment.
type opening struct {
	Fields []Field `json:"fields"`
	Nonce  string  `json:"nonce"` // hexadecimal
}

func (p Price) check() error {
	if len(p.Fields) == 0 || len(p.Fields) > maxFields {
		return fail(BadRequest, "a price of %d fields", len(p.Fields))
	}
	for i, f := range p.Fields {
		if !isText(f.Name, 100) || f.Value != "" && !isText(f.Value, maxText) || f.Capitals != "" && !isText(f.Capitals, maxText) ||
			slices.ContainsFunc(p.Fields[:i], func(o Field) bool { return o.Name == f.Name }) {
			return fail(BadRequest, "the field %q of the price is not one line of text, or is there twice", f.Name)
		}
	}
	return nil
}

// commit gives the digest that binds the bidder to a price (FORMAT.md, 7).
func (s suite) commit(m *Manifest, p Price, nonce []byte) (string, error) {
	fields, err := canonical(p.Fields)
	if err != nil {
		return "", err
	}
	h := s.hash()
	h.Write([]byte("sealdesk bid price\x00"))
	for _, part := range [][]byte{[]byte(m.Tender), []byte(m.Lot), []byte(m.Bidder.Code), fields} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	h.Write(nonce)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Price reveals the price, and holds it to the commitment in the manifest.
//
// Errors: *Error of Kind NoPrice or PriceMismatch, and those of reading.
func (o *Opened) Price() (Price, error) {
	revealed, err := o.Revealing()
	if err != nil {
		return Price{}, err
	}
	return o.bid.manifest.Reveal(revealed)
}

// Revealing returns what Reveal checks: the price with the number that was hashed with it, which a bidder may hand to the
// platform instead of its key.
func (o *Opened) Revealing() ([]byte, error) {
	c, ok := o.bid.manifest.commitment()
	if p, err := o.bid.place(c.Part); !ok || err != nil || p.part.Envelope != o.name {
		return nil, &Error{Kind: NoPrice, Envelope: o.name}
	}
	r, err := o.Part(c.Part)
	if err != nil {
		return nil, err
	}
	data := make([]byte, r.Size())
	if _, err := r.ReadAt(data, 0); err != nil {
		return nil, err
	}
	return data, nil
}

func (m *Manifest) commitment() (Commitment, bool) {
	i := slices.IndexFunc(m.Commitments, func(c Commitment) bool { return c.Name == PriceCommitment })
	if i < 0 {
		return Commitment{}, false
	}
	return m.Commitments[i], true
}

// Reveal reads what Revealing gave and holds it to the commitment. Whether the manifest is the signed one, Verify tells.
//
// Errors: *Error of Kind NoPrice or PriceMismatch.
func (m *Manifest) Reveal(revealed []byte) (Price, error) {
	c, ok := m.commitment()
	if !ok {
		return Price{}, &Error{Kind: NoPrice}
	}
	s, err := suiteOf(m.Cipher)
	if err != nil {
		return Price{}, err
	}
	mismatch := func(err error) error { return &Error{Kind: PriceMismatch, Part: c.Part, cause: err} }
	var o opening
	if len(revealed) > maxOpening {
		return Price{}, mismatch(fmt.Errorf("%d bytes", len(revealed)))
	}
	if err := readCanonical(bytes.TrimRight(revealed, " "), &o); err != nil {
		return Price{}, mismatch(err)
	}
	p := Price{o.Fields}
	nonce, err := hex.DecodeString(o.Nonce)
	if err != nil || len(nonce) != nonceBytes {
		return Price{}, mismatch(fmt.Errorf("a nonce of %d bytes", len(nonce)))
	}
	if err := p.check(); err != nil {
		return Price{}, mismatch(err)
	}
	digest, err := s.commit(m, p, nonce)
	if err != nil {
		return Price{}, err
	}
	if digest != c.Digest {
		return Price{}, mismatch(nil)
	}
	return p, nil
}

// padOpening fills an opening up with spaces behind it, so that its size does not tell how many figures the price has.
func padOpening(content []byte) ([]byte, error) {
	const step = 1 << 10
	if len(content) > maxOpening {
		return nil, fail(BadRequest, "the fields of the price take %d bytes, more than %d", len(content), maxOpening)
	}
	size := (len(content) + step - 1) / step * step
	return append(content, bytes.Repeat([]byte(" "), size-len(content))...), nil
}
