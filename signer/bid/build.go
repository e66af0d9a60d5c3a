package bid

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/disk"
	"sealdesk/signer/envelope"
)

// DefaultChunk is how many bytes of content are sealed at a time.
const DefaultChunk = 1 << 20

// Source is a part of the offer that is to go into a bid.
type Source struct {
	Code     string // letters, digits, '.', '_' and '-', up to 64
	Kind     string // likewise
	Name     string // of the file in the bid, without a folder
	Envelope string // whose key seals it; "" leaves it readable for everybody
	Path     string // of the file, which is only read
	// Content is read in the place of a file, so that a part need not lie on a disk as it is; Path is then for errors alone.
	Content Content
}

// Content is what a part holds, wherever it lies. It is read from several goroutines.
type Content interface {
	io.ReaderAt
	Size() int64 // bytes
}

// Builder makes one bid.
type Builder struct {
	Tender, Lot string
	Bidder      Bidder
	Outline     string // the outline's Digest, "" for none
	Program     string // and its version
	Parts       []Source
	// Price is committed to and sealed in PriceEnvelope; without fields there is no commitment.
	Price         Price
	PriceEnvelope string

	Signer crypto.Signer
	Chain  []*smx509.Certificate // the Signer's certificate, then its issuers
	// Recipients are the certificates whose keys open the inner layer: the bidder's for encryption, and perhaps one for an emergency.
	Recipients []*smx509.Certificate
	// Platform is the certificate whose key takes the outer layer off; nil: the bid is for no platform.
	Platform *smx509.Certificate
	// Outer puts the platform's layer on at once. Without it the bid has the inner layer only, and Wrap puts the other on.
	Outer bool
	// Cipher is AES256GCM or SM4GCM; "" is SM4GCM where the first recipient's key is SM2, else AES256GCM.
	Cipher Cipher
	// ChunkSize is in bytes, 16 to 16777216; 0 is DefaultChunk.
	ChunkSize int64

	Out      string    // must not exist
	Time     time.Time // claimed as the time of building; the zero value means now
	Progress Progress
}

// Result is what was built.
type Result struct {
	Path     string
	Size     int64
	Manifest *Manifest
}

// Build makes the bid: in a temporary file, which gets its name after it was synced and read back. Nothing readable is ever written
// but the parts that are not sealed. The Signer is asked once, after everything else was done.
//
// Errors: *Error, those of packages cms and envelope, the Signer's, and the context's.
func (b Builder) Build(ctx context.Context) (Result, error) {
	w, err := b.prepare()
	if err != nil {
		return Result{}, err
	}
	defer w.close()
	var result Result
	err = create(b.Out, func(f *os.File) error {
		if err := w.write(ctx, f); err != nil {
			return err
		}
		checked, err := w.readBack(ctx, f)
		if err != nil {
			return err
		}
		result = Result{Path: b.Out, Size: checked.size, Manifest: checked.manifest}
		return nil
	})
	return result, err
}

// work is a bid that is being built.
type work struct {
	Builder
	suite    suite
	manifest *Manifest
	inputs   []*input
	secrets  map[string][]byte // by envelope
	seed     maphash.Seed
	sums     [][]uint64 // of the chunks of each part as they were written, to find a fault of the disk by
	ders     [][]byte   // the envelopes
	signing  cms.Builder
}

// input is the content of a part: a file, or what was handed over or made by this package.
type input struct {
	path    string
	f       *os.File
	state   disk.Identity
	content Content
	size    int64
}

func (in *input) read(b []byte, offset int64) error {
	var from io.ReaderAt = in.f
	if in.f == nil {
		from = in.content
	}
	err := readFull(from, b, offset)
	switch {
	case errors.Is(err, &Error{Kind: Cut}):
		return &Error{Kind: InputChanged, Path: in.path}
	case err != nil:
		return onInput(in.path, errors.Unwrap(err))
	}
	return nil
}

// open opens the file.
func (in *input) open() error {
	f, size, err := openRegular(in.path)
	if err != nil {
		return err
	}
	in.f, in.size = f, size
	if in.state, err = disk.IdentityOf(f); err != nil {
		return errors.Join(onInput(in.path, err), f.Close())
	}
	return nil
}

// unchanged is nil where the file is as it was when it was opened.
func (in *input) unchanged() error {
	if in.f == nil {
		return nil
	}
	now, err := disk.IdentityOf(in.f)
	if err != nil {
		return onInput(in.path, err)
	}
	if now != in.state {
		return &Error{Kind: InputChanged, Path: in.path}
	}
	return nil
}

// prepare checks the request, opens the files and makes the envelopes.
func (b Builder) prepare() (*work, error) {
	if len(b.Chain) == 0 || b.Chain[0] == nil || b.Signer == nil {
		return nil, fail(BadRequest, "a bid needs the bidder's key and its certificate")
	}
	if b.Outer && b.Platform == nil {
		return nil, fail(BadRequest, "an outer layer needs the platform's certificate")
	}
	if b.Time.IsZero() {
		b.Time = time.Now()
	}
	if b.ChunkSize == 0 {
		b.ChunkSize = DefaultChunk
	}
	if b.Cipher == "" {
		b.Cipher = AES256GCM
		if len(b.Recipients) > 0 && b.Recipients[0] != nil && sm2.IsSM2PublicKey(b.Recipients[0].PublicKey) {
			b.Cipher = SM4GCM
		}
	}
	suite, err := suiteOf(b.Cipher)
	if err != nil {
		return nil, fail(BadRequest, "no cipher %q", b.Cipher)
	}
	w := &work{Builder: b, suite: suite, secrets: map[string][]byte{}, seed: maphash.MakeSeed()}
	w.signing = cms.Builder{Signer: b.Signer, Chain: b.Chain, GM: sm2.IsSM2PublicKey(b.Chain[0].PublicKey), SigningTime: b.Time}
	if err := w.checkCertificates(); err != nil {
		return nil, err
	}
	if err := w.describe(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *work) checkCertificates() error {
	to := w.Recipients
	if w.Platform != nil {
		to = append(to[:len(to):len(to)], w.Platform)
	}
	for _, c := range to {
		if err := envelope.Fit(c); err != nil {
			e := &Error{Kind: NotForEncryption, cause: err}
			if c != nil {
				e.Found = []string{Serial(c)}
			}
			return e
		}
	}
	return nil
}

// describe makes the manifest, with zeros in the place of the digests of the parts, and the envelopes that it names.
func (w *work) describe() error {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return fmt.Errorf("bid: random: %w", err)
	}
	m := &Manifest{
		Format: Version, ID: hex.EncodeToString(id), Tender: w.Tender, Lot: w.Lot, Bidder: w.Bidder, Outline: w.Outline, Program: w.Program,
		Built: w.Time.UTC().Format("2006-01-02T15:04:05Z"), Cipher: w.Cipher, ChunkSize: w.ChunkSize,
		Signer: w.suite.name(w.Chain[0]), Platform: w.suite.name(w.Platform),
		Recipients: []Certificate{}, Parts: []Part{}, Envelopes: []Envelope{}, Commitments: []Commitment{},
	}
	w.manifest = m
	for _, r := range w.Recipients {
		m.Recipients = append(m.Recipients, w.suite.name(r))
	}
	for _, s := range w.Parts {
		if err := w.addFile(s, id); err != nil {
			return err
		}
	}
	if len(w.Price.Fields) > 0 {
		if err := w.addPrice(id); err != nil {
			return err
		}
	}
	if err := m.check(); err != nil {
		return &Error{Kind: BadRequest, Detail: "no bid can be made of this", cause: err}
	}
	return nil
}

func (w *work) addFile(s Source, id []byte) error {
	if !codeForm().MatchString(s.Code) || !codeForm().MatchString(s.Kind) || !isFileName(s.Name) || s.Kind == KindOpening {
		return &Error{Kind: BadPart, Part: s.Code, Name: s.Name, Detail: "a code, kind or file name that a bid cannot hold"}
	}
	in := &input{path: s.Path, content: s.Content}
	if s.Content != nil {
		in.size = s.Content.Size()
	} else if err := in.open(); err != nil {
		return err
	}
	w.inputs = append(w.inputs, in)
	size := in.size
	if size > MaxPart || chunksOf(size, w.ChunkSize) > MaxChunks {
		return &Error{Kind: BadPart, Part: s.Code, Name: s.Name, Detail: fmt.Sprintf("%d bytes in chunks of %d", size, w.ChunkSize)}
	}
	return w.add(Part{Code: s.Code, Kind: s.Kind, Name: s.Name, Envelope: s.Envelope, Size: size}, id)
}

// addPrice commits to the price.
func (w *work) addPrice(id []byte) error {
	if err := w.Price.check(); err != nil {
		return err
	}
	if w.PriceEnvelope == "" {
		return fail(BadRequest, "the price is sealed in no envelope")
	}
	nonce := make([]byte, nonceBytes)
	if _, err := rand.Read(nonce); err != nil {
		return fmt.Errorf("bid: random: %w", err)
	}
	digest, err := w.suite.commit(w.manifest, w.Price, nonce)
	if err != nil {
		return err
	}
	content, err := canonical(opening{w.Price.Fields, hex.EncodeToString(nonce)})
	if err != nil {
		return err
	}
	if content, err = padOpening(content); err != nil {
		return err
	}
	w.inputs = append(w.inputs, &input{content: bytes.NewReader(content), size: int64(len(content))})
	const code = "opening.price"
	w.manifest.Commitments = append(w.manifest.Commitments, Commitment{Digest: digest, Name: PriceCommitment, Part: code})
	return w.add(Part{Code: code, Kind: KindOpening, Name: code + ".json", Envelope: w.PriceEnvelope, Size: int64(len(content))}, id)
}

// add puts a part to the manifest, and its envelope when it is the first in it.
func (w *work) add(p Part, id []byte) error {
	p.Digest = zeroDigest
	w.manifest.Parts = append(w.manifest.Parts, p)
	if !p.Sealed() || w.secrets[p.Envelope] != nil {
		return nil
	}
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("bid: random: %w", err)
	}
	w.secrets[p.Envelope] = secret
	if len(w.Recipients) == 0 {
		return fail(BadRequest, "sealed parts need the bidder's certificate for encryption")
	}
	inner, err := envelope.Seal(w.suite.envelope, envelope.Data, secret, w.Recipients...)
	if err != nil {
		return err
	}
	check, err := w.suite.keyCheck(secret, id, p.Envelope)
	if err != nil {
		return err
	}
	w.manifest.Envelopes = append(w.manifest.Envelopes, Envelope{Digest: hex.EncodeToString(w.suite.sum(inner)), Key: check, Name: p.Envelope})
	der := inner
	if w.Outer {
		if der, err = envelope.Seal(w.suite.envelope, envelope.Envelope, inner, w.Platform); err != nil {
			return err
		}
	}
	w.ders = append(w.ders, der)
	return nil
}

var zeroDigest = hex.EncodeToString(make([]byte, digestSize))

func (w *work) close() {
	for _, in := range w.inputs {
		if in.f != nil {
			in.f.Close()
		}
	}
	for _, s := range w.secrets {
		clear(s)
	}
}

// write fills the file: the contents first, then the manifest that has their digests, and its signature.
func (w *work) write(ctx context.Context, f *os.File) error {
	blank, err := canonical(w.manifest)
	if err != nil {
		return err
	}
	room, err := w.signing.SizeBound()
	if err != nil {
		return err
	}
	area := joinEnvelopes(w.ders)
	h := head{uint32(len(blank)), uint32(room), uint32(len(area))}
	if len(blank) > maxManifest || room > maxSignature || len(area) > maxEnvelopes {
		return fail(BadRequest, "a manifest of %d bytes, a signature of %d, envelopes of %d", len(blank), room, len(area))
	}
	places, _ := w.manifest.places(h.size())
	var total int64
	for _, p := range places {
		total += p.part.Size
	}
	done := w.Progress.meter(StepSeal, total)
	for i, p := range places {
		if err := w.seal(ctx, f, i, p, done); err != nil {
			return err
		}
	}
	for _, in := range w.inputs {
		if err := in.unchanged(); err != nil {
			return err
		}
	}
	if w.Progress != nil {
		w.Progress(StepSign, 0, 0)
	}
	raw, signature, err := w.sign(room)
	if err != nil {
		return err
	}
	for _, piece := range []struct {
		data   []byte
		offset int64
	}{{h.bytes(), 0}, {raw, headSize}, {signature, headSize + int64(len(raw))}, {area, h.size() - int64(len(area))}} {
		if _, err := f.WriteAt(piece.data, piece.offset); err != nil {
			return writing{err}
		}
	}
	if err := f.Sync(); err != nil {
		return writing{err}
	}
	return nil
}

// seal writes one part, with its list of digests.
func (w *work) seal(ctx context.Context, f *os.File, i int, p place, done func(int64)) error {
	in := w.inputs[i]
	var s *sealer
	if p.part.Sealed() {
		id, err := hex.DecodeString(w.manifest.ID)
		if err != nil {
			return err
		}
		if s, err = w.suite.sealer(w.manifest, p.part, w.secrets[p.part.Envelope], id); err != nil {
			return err
		}
	}
	list, sums := make([]byte, p.chunks*digestSize), make([]uint64, p.chunks)
	w.sums = append(w.sums, sums)
	_, most := p.span(0)
	err := each(ctx, p.chunks, most, func(i int64, buffer []byte) error {
		offset, size := p.span(i)
		b := buffer[:size-p.tag]
		if err := in.read(b, i*p.chunk); err != nil {
			return err
		}
		if s != nil {
			b = s.seal(b, i, p.last(i))
		}
		copy(list[i*digestSize:], w.suite.sum(b))
		sums[i] = maphash.Bytes(w.seed, b)
		if _, err := f.WriteAt(b, offset); err != nil {
			return writing{err}
		}
		disk.BeginWriting(f, offset, size)
		done(size - p.tag)
		return nil
	})
	if err != nil {
		return err
	}
	w.manifest.Parts[i].Digest = hex.EncodeToString(w.suite.sum(list))
	if _, err := f.WriteAt(list, p.digests); err != nil {
		return writing{err}
	}
	return nil
}

// sign writes the manifest and its signature, which fills an area of so many bytes.
func (w *work) sign(room int) (raw, signature []byte, err error) {
	if raw, err = canonical(w.manifest); err != nil {
		return nil, nil, err
	}
	hash, err := w.signing.Hash()
	if err != nil {
		return nil, nil, err
	}
	hash.Write(raw)
	der, err := w.signing.Sign(hash.Sum(nil))
	if err != nil {
		return nil, nil, err
	}
	if len(der) > room {
		return nil, nil, fail(BadRequest, "a signature of %d bytes, more than %d", len(der), room)
	}
	return raw, append(der, make([]byte, room-len(der))...), nil
}

// readBack reads what was written as everybody else would: the frame, the signature, the lists of digests, and the beginning of each
// part with the keys that only this moment has. Every chunk is compared with what was written.
func (w *work) readBack(ctx context.Context, f *os.File) (*Bid, error) {
	b, err := reopen(f)
	if err != nil {
		return nil, err
	}
	if err := b.checkSignature(); err != nil {
		return nil, &Error{Kind: NotVerified, cause: err}
	}
	var total int64
	for _, p := range b.manifest.Parts {
		total += p.Size
	}
	done := w.Progress.meter(StepCheck, total)
	for i, p := range b.places {
		if err := w.readBackPart(ctx, b, p, w.sums[i], done); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, &Error{Kind: NotVerified, Part: p.part.Code, Name: p.part.Name, cause: err}
		}
	}
	return b, ctx.Err()
}

func (w *work) readBackPart(ctx context.Context, b *Bid, p place, sums []uint64, done func(int64)) error {
	if _, err := b.digestsOf(p); err != nil {
		return err
	}
	r, err := b.Part(p.part.Code)
	if p.part.Sealed() {
		r, err = (&Opened{b, p.part.Envelope, w.secrets[p.part.Envelope]}).Part(p.part.Code)
	}
	if err != nil {
		return err
	}
	if _, err := r.ReadAt(make([]byte, min(1, p.part.Size)), 0); err != nil {
		return err
	}
	_, most := p.span(0)
	return each(ctx, p.chunks, most, func(i int64, buffer []byte) error {
		offset, size := p.span(i)
		if err := readFull(b.r, buffer[:size], offset); err != nil {
			return err
		}
		if maphash.Bytes(w.seed, buffer[:size]) != sums[i] {
			return fail(NotVerified, "chunk %d is another than was written", i)
		}
		done(size - p.tag)
		return nil
	})
}

// reopen reads the frame of what was written, without its name.
func reopen(f *os.File) (*Bid, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, writing{err}
	}
	b, err := Open(f, info.Size())
	if err != nil {
		return nil, &Error{Kind: NotVerified, cause: err}
	}
	return b, nil
}

// checkSignature holds the signature to the manifest and its signer; whether that one is trusted is not asked.
func (b *Bid) checkSignature() error {
	sd, err := cms.Parse(b.signature)
	if err != nil {
		return err
	}
	hash, err := sd.DigestHash()
	if err != nil {
		return err
	}
	hash.Write(b.raw)
	if err := sd.Check(hash.Sum(nil)); err != nil {
		return err
	}
	if c := sd.SignerCertificate(); hex.EncodeToString(b.suite.sum(c.Raw)) != b.manifest.Signer.Digest {
		return &Error{Kind: BadSignature, Detail: "another certificate signed than the manifest names"}
	}
	return nil
}
