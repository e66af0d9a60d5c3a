package bid

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/envelope"
)

// Bid is a bid whose frame was read; its contents stay in the file. OpenOuter and SetInner change it and are not for several
// goroutines at once; everything else is.
type Bid struct {
	r         io.ReaderAt
	size      int64
	suite     suite
	manifest  *Manifest
	raw       []byte // the manifest as it is signed
	area      []byte // of the signature
	signature []byte
	places    []place
	ders      [][]byte // the envelopes, in the manifest's order
	envelopes []*envelope.Sealed
}

// Open reads the frame of a bid: the manifest, the envelopes, the size. It judges their form and not their truth: see
// Verify. r must stay readable as long as the Bid is used; size is that of the file in bytes.
//
// Errors: *Error of Kind NotABid, FutureVersion, Cut, Appended, Malformed, EnvelopeAltered or InputUnreadable.
func Open(r io.ReaderAt, size int64) (*Bid, error) {
	first := make([]byte, min(headSize, max(size, 0)))
	if err := readFull(r, first, 0); err != nil {
		return nil, err
	}
	h, err := readHead(first)
	if err != nil {
		return nil, err
	}
	if size < h.size() {
		return nil, cut("before the contents")
	}
	frame := make([]byte, h.size()-headSize)
	if err := readFull(r, frame, headSize); err != nil {
		return nil, err
	}
	b := &Bid{r: r, size: size, raw: frame[:h.manifest], area: frame[h.manifest : h.manifest+h.signature]}
	if b.manifest, err = parseManifest(b.raw); err != nil {
		return nil, err
	}
	if b.suite, err = suiteOf(b.manifest.Cipher); err != nil {
		return nil, err
	}
	if b.signature, err = signatureIn(b.area); err != nil {
		return nil, err
	}
	if b.ders, err = splitEnvelopes(frame[h.manifest+h.signature:], len(b.manifest.Envelopes)); err != nil {
		return nil, err
	}
	for i, der := range b.ders {
		sealed, err := b.readEnvelope(i, der)
		if err != nil {
			return nil, err
		}
		b.envelopes = append(b.envelopes, sealed)
	}
	var want int64
	b.places, want = b.manifest.places(h.size())
	if err := whole(b.places, want, size); err != nil {
		return nil, err
	}
	return b, nil
}

// readEnvelope reads envelope i and, where the outer layer is not on it, holds it to its digest.
func (b *Bid) readEnvelope(i int, der []byte) (*envelope.Sealed, error) {
	e := b.manifest.Envelopes[i]
	sealed, err := envelope.Parse(der)
	if err != nil {
		return nil, &Error{Kind: Malformed, Envelope: e.Name, Detail: "an envelope that cannot be read", cause: err}
	}
	if sealed.Suite() != b.suite.envelope {
		return nil, &Error{Kind: Malformed, Envelope: e.Name, Detail: "an envelope of another form than the bid's"}
	}
	if sealed.Content() == envelope.Data && hex.EncodeToString(b.suite.sum(der)) != e.Digest {
		return nil, &Error{Kind: EnvelopeAltered, Envelope: e.Name}
	}
	if sealed.Content() == envelope.Envelope && b.manifest.Platform == (Certificate{}) {
		return nil, &Error{Kind: Malformed, Envelope: e.Name, Detail: "an outer layer on a bid that is for no platform"}
	}
	return sealed, nil
}

// File is a bid in a file.
type File struct {
	*Bid
	f *os.File
}

// OpenFile is Open for a file, which must be closed afterwards. Errors: as Open's, and *Error of Kind InputMissing.
func OpenFile(path string) (*File, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	b, err := Open(f, size)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{b, f}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

func openRegular(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, onInput(path, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("no regular file")
	}
	if err != nil {
		f.Close()
		return nil, 0, onInput(path, err)
	}
	return f, info.Size(), nil
}

// Manifest returns the manifest, which must not be changed.
func (b *Bid) Manifest() *Manifest { return b.manifest }

// Size is that of the file in bytes.
func (b *Bid) Size() int64 { return b.size }

// Signature returns a copy of the bidder's signature over the manifest, DER, and of the bytes that are signed.
func (b *Bid) Signature() (signature, manifest []byte) {
	return bytes.Clone(b.signature), bytes.Clone(b.raw)
}

// Key is a private key with its certificate.
type Key struct {
	Certificate *smx509.Certificate
	Decrypter   crypto.Decrypter
}

// index finds an envelope by its name.
func (b *Bid) index(name string) (int, error) {
	i := slices.IndexFunc(b.manifest.Envelopes, func(e Envelope) bool { return e.Name == name })
	if i < 0 {
		return 0, &Error{Kind: BadRequest, Envelope: name, Detail: "there is no such envelope"}
	}
	return i, nil
}

// Closed says whether the platform's layer is still on the envelope. Nobody else's key is of use as long as it is.
func (b *Bid) Closed(name string) bool {
	i, err := b.index(name)
	return err == nil && b.envelopes[i].Content() == envelope.Envelope
}

// ClosedOuter lists the envelopes that the platform's layer is on, in the order of the manifest.
func (b *Bid) ClosedOuter() []string {
	var names []string
	for i, e := range b.manifest.Envelopes {
		if b.envelopes[i].Content() == envelope.Envelope {
			names = append(names, e.Name)
		}
	}
	return names
}

// Find tells which of the certificates has the key that the envelope needs next: the platform's as long as it is closed, else
// the bidder's. It goes by issuer and serial number: a certificate that is expired, or was replaced by a newer one, is found as
// well.
//
// Errors: *Error of Kind NoKey, with the serial numbers needed and found.
func (b *Bid) Find(name string, among []*smx509.Certificate) (*smx509.Certificate, error) {
	i, err := b.index(name)
	if err != nil {
		return nil, err
	}
	none := &Error{Kind: NoKey, Envelope: name}
	for _, r := range b.envelopes[i].Recipients() {
		for _, c := range among {
			if r.Is(c) {
				return c, nil
			}
		}
		none.Needed = append(none.Needed, hex.EncodeToString(r.Serial.Bytes()))
	}
	for _, c := range among {
		if c != nil {
			none.Found = append(none.Found, Serial(c))
		}
	}
	return nil, none
}

// OpenOuter takes the platform's layer off one envelope, with one operation of the platform's key. It returns the inner
// envelope in DER, some hundred bytes that still only the bidder's key opens, and keeps it in b: whoever has the file already
// needs nothing else (SetInner). Unwrapped writes a file without the layer.
//
// Errors: *Error of Kind AlreadyOpen, NoKey, WrongKey or EnvelopeAltered: the bidder signed another inner envelope; and the
// key's, when it is gone, locked or was told to stop.
func (b *Bid) OpenOuter(name string, k Key) ([]byte, error) {
	i, err := b.index(name)
	if err != nil {
		return nil, err
	}
	if !b.Closed(name) {
		return nil, &Error{Kind: AlreadyOpen, Envelope: name}
	}
	inner, err := b.open(i, k)
	if err != nil {
		return nil, err
	}
	if err := b.SetInner(name, inner); err != nil {
		return nil, err
	}
	return inner, nil
}

// SetInner puts an inner envelope that OpenOuter gave, perhaps elsewhere, in its place.
//
// Errors: *Error of Kind EnvelopeAltered or Malformed: it is not the one that the bidder signed.
func (b *Bid) SetInner(name string, inner []byte) error {
	i, err := b.index(name)
	if err != nil {
		return err
	}
	sealed, err := b.readEnvelope(i, inner)
	if err != nil {
		return err
	}
	if sealed.Content() != envelope.Data {
		return &Error{Kind: EnvelopeAltered, Envelope: name, Detail: "another layer is inside"}
	}
	b.ders[i], b.envelopes[i] = inner, sealed
	return nil
}

// open is one operation of a key.
func (b *Bid) open(i int, k Key) ([]byte, error) {
	name := b.manifest.Envelopes[i].Name
	if _, err := b.Find(name, []*smx509.Certificate{k.Certificate}); err != nil {
		return nil, err
	}
	content, err := b.envelopes[i].Open(k.Certificate, k.Decrypter)
	if errors.Is(err, &envelope.Error{Kind: envelope.NotOpened}) {
		return nil, &Error{Kind: WrongKey, Envelope: name, Needed: []string{Serial(k.Certificate)}, cause: err}
	}
	return content, err
}

// OpenInner opens one envelope with the bidder's key, in one operation of it.
//
// Errors: *Error of Kind StillClosed, NoKey or WrongKey; and the key's, when it is gone, locked or was told to stop.
func (b *Bid) OpenInner(name string, k Key) (*Opened, error) {
	i, err := b.index(name)
	if err != nil {
		return nil, err
	}
	if b.Closed(name) {
		return nil, &Error{Kind: StillClosed, Envelope: name}
	}
	secret, err := b.open(i, k)
	if err != nil {
		return nil, err
	}
	if err := b.holdKey(i, secret); err != nil {
		clear(secret)
		return nil, err
	}
	return &Opened{b, name, secret}, nil
}

// OpenSecret opens one envelope with the secret that is in it, which the bidder handed over: whoever is given that needs no key,
// and no matter which layers are still on.
//
// Errors: *Error of Kind WrongKey.
func (b *Bid) OpenSecret(name string, secret []byte) (*Opened, error) {
	i, err := b.index(name)
	if err != nil {
		return nil, err
	}
	if err := b.holdKey(i, secret); err != nil {
		return nil, err
	}
	return &Opened{b, name, bytes.Clone(secret)}, nil
}

// holdKey compares a secret with the manifest's check of it.
func (b *Bid) holdKey(i int, secret []byte) error {
	e := b.manifest.Envelopes[i]
	check, err := b.suite.keyCheck(secret, b.id(), e.Name)
	if err != nil {
		return err
	}
	if len(secret) != secretSize || check != e.Key {
		return &Error{Kind: WrongKey, Envelope: e.Name, Detail: "the envelope holds another key than the manifest says"}
	}
	return nil
}

func (b *Bid) id() []byte {
	id, _ := hex.DecodeString(b.manifest.ID) // its form was checked
	return id
}

// keyCheck is by which a wrong secret is known.
func (s suite) keyCheck(secret, id []byte, name string) (string, error) {
	check, err := s.derive(secret, id, "check", name, digestSize)
	return hex.EncodeToString(check), err
}
