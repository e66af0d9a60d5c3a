package tsa

import (
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Info is what an authority states: TSTInfo (RFC 3161, 2.4.2).
type Info struct {
	Imprint
	Policy asn1.ObjectIdentifier
	Serial *big.Int
	Time   time.Time // genTime, UTC
	// Accuracy is how far Time may be off; 0 when the authority does not say.
	Accuracy time.Duration
	Nonce    *big.Int // nil: none

	name []byte // tsa, a GeneralName's element; nil: none
}

const (
	timeLayout = "20060102150405"
	maxSeconds = 365 * 24 * 3600 // of accuracy, so that it fits a Duration
)

func (i Info) marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(i.Policy)
		i.Imprint.add(b)
		b.AddASN1BigInt(i.Serial)
		b.AddASN1(cbasn1.GeneralizedTime, func(b *cryptobyte.Builder) {
			b.AddBytes([]byte(i.Time.UTC().Format(timeLayout + ".999Z"))) // drops trailing zeros, as DER wants
		})
		if i.Accuracy > 0 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				seconds, rest := int64(i.Accuracy/time.Second), i.Accuracy%time.Second
				if seconds > 0 {
					b.AddASN1Int64(seconds)
				}
				for n, part := range []int64{int64(rest / time.Millisecond), int64(rest % time.Millisecond / time.Microsecond)} {
					if part > 0 {
						b.AddASN1Int64WithTag(part, cbasn1.Tag(n).ContextSpecific())
					}
				}
			})
		}
		if i.Nonce != nil {
			b.AddASN1BigInt(i.Nonce)
		}
	})
	return b.Bytes()
}

func parseInfo(der []byte) (Info, error) {
	var i Info
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	version := 0
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || version != 1 {
		return i, fail(Malformed, "not a TSTInfo of version 1")
	}
	if !seq.ReadASN1ObjectIdentifier(&i.Policy) {
		return i, fail(Malformed, "the policy is not well formed")
	}
	var err error
	if i.Imprint, err = readImprint(&seq); err != nil {
		return i, err
	}
	i.Serial = new(big.Int)
	if !seq.ReadASN1Integer(i.Serial) || i.Serial.BitLen() > maxNumber {
		return i, fail(Malformed, "the serial number is not well formed")
	}
	if i.Time, err = readTime(&seq); err != nil {
		return i, err
	}
	if seq.PeekASN1Tag(cbasn1.SEQUENCE) {
		if i.Accuracy, err = readAccuracy(&seq); err != nil {
			return i, err
		}
	}
	// DER leaves ordering's FALSE out; authorities write it, and it says the same.
	ordering := false
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !seq.ReadASN1Boolean(&ordering) {
		return i, fail(Malformed, "ordering is not well formed")
	}
	if i.Nonce, err = readNonce(&seq); err != nil {
		return i, err
	}
	if seq.PeekASN1Tag(tag0) {
		var name, rest cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadASN1(&name, tag0) {
			return i, fail(Malformed, "the authority's name is not well formed")
		}
		i.name = name
		if !name.ReadAnyASN1(&rest, &tag) || !name.Empty() {
			return i, fail(Malformed, "the authority's name is not well formed")
		}
	}
	if seq.PeekASN1Tag(tag1) {
		var ext cryptobyte.String
		if !seq.ReadASN1(&ext, tag1) {
			return i, fail(Malformed, "the extensions are not well formed")
		}
		if err := readExtensions(ext); err != nil {
			return i, err
		}
	}
	if !seq.Empty() {
		return i, fail(Malformed, "TSTInfo has %d bytes too many", len(seq))
	}
	return i, nil
}

// readTime reads genTime: UTC, with a fraction that does not end in zero (RFC 3161, 2.4.2).
func readTime(seq *cryptobyte.String) (time.Time, error) {
	bad := fail(Malformed, "genTime is not a time")
	var text cryptobyte.String
	if !seq.ReadASN1(&text, cbasn1.GeneralizedTime) || len(text) > len(timeLayout)+len(".999999999Z") {
		return time.Time{}, bad
	}
	// time.Parse takes a fraction that the layout does not have.
	t, err := time.ParseInLocation(timeLayout+"Z", string(text), time.UTC)
	if err != nil || t.Format(timeLayout+".999999999Z") != string(text) {
		return time.Time{}, bad
	}
	return t, nil
}

func readAccuracy(s *cryptobyte.String) (time.Duration, error) {
	bad := fail(Malformed, "the accuracy is not well formed")
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return 0, bad
	}
	var seconds int64
	if seq.PeekASN1Tag(cbasn1.INTEGER) && (!seq.ReadASN1Integer(&seconds) || seconds < 0 || seconds > maxSeconds) {
		return 0, bad
	}
	d := time.Duration(seconds) * time.Second
	for n, unit := range []time.Duration{time.Millisecond, time.Microsecond} {
		tag := cbasn1.Tag(n).ContextSpecific()
		var v int64
		if !seq.PeekASN1Tag(tag) {
			continue
		}
		if !seq.ReadASN1Int64WithTag(&v, tag) || v < 1 || v > 999 {
			return 0, bad
		}
		d += time.Duration(v) * unit
	}
	if !seq.Empty() {
		return 0, bad
	}
	return d, nil
}
