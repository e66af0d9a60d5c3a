package bid

import (
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// magic begins every bid. Its first byte is no text, its last two tell a file that was sent as text.
var magic = [8]byte{0x89, 'S', 'D', 'B', 'I', 'D', '\r', '\n'}

const (
	headSize     = 24
	maxSignature = 1 << 20
	maxEnvelopes = 4 << 20
)

// head is the fixed beginning of the file: the magic, the version, two zero bytes, and the lengths of what follows.
type head struct {
	manifest, signature, envelopes uint32
}

func (h head) bytes() []byte {
	b := append(make([]byte, 0, headSize), magic[:]...)
	b = binary.BigEndian.AppendUint16(b, Version)
	b = append(b, 0, 0)
	for _, n := range []uint32{h.manifest, h.signature, h.envelopes} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

func readHead(b []byte) (head, error) {
	n := min(len(b), len(magic))
	switch {
	case [8]byte(append(b[:n:n], make([]byte, 8)...)[:8]) != magic:
		if n == len(magic) || string(b) != string(magic[:n]) || n == 0 {
			return head{}, fail(NotABid, "it does not begin as a bid")
		}
		return head{}, cut("in the head")
	case len(b) < len(magic)+2:
		return head{}, cut("in the head")
	}
	if v := int(binary.BigEndian.Uint16(b[8:])); v != Version {
		if v > Version {
			return head{}, &Error{Kind: FutureVersion, Version: v}
		}
		return head{}, fail(Malformed, "version %d", v)
	}
	if len(b) < headSize {
		return head{}, cut("in the head")
	}
	if b[10] != 0 || b[11] != 0 {
		return head{}, fail(Malformed, "the head's reserved bytes are not zero")
	}
	h := head{binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:])}
	if h.manifest == 0 || h.manifest > maxManifest || h.signature == 0 || h.signature > maxSignature || h.envelopes > maxEnvelopes {
		return head{}, fail(Malformed, "a manifest of %d bytes, a signature of %d, envelopes of %d", h.manifest, h.signature, h.envelopes)
	}
	return h, nil
}

func cut(where string) error { return fail(Cut, "the file ends %s", where) }

// size is where the lists of digests begin.
func (h head) size() int64 {
	return headSize + int64(h.manifest) + int64(h.signature) + int64(h.envelopes)
}

// place is where a part's bytes are in the file.
type place struct {
	digests int64 // offset of the list of digests
	data    int64 // offset of the first chunk
	chunks  int64
	tag     int64 // bytes behind the content of each chunk
	part    Part
	chunk   int64 // bytes of content in each chunk but the last
}

// places lays the parts out behind the frame: first the lists of digests of all, then the chunks of all. It gives the size of
// the file, too.
func (m *Manifest) places(start int64) ([]place, int64) {
	ps := make([]place, len(m.Parts))
	at := start
	for i, p := range m.Parts {
		ps[i] = place{digests: at, chunks: chunksOf(p.Size, m.ChunkSize), part: p, chunk: m.ChunkSize}
		if p.Sealed() {
			ps[i].tag = tagSize
		}
		at += ps[i].chunks * digestSize
	}
	for i, p := range m.Parts {
		ps[i].data = at
		at += p.Size + ps[i].chunks*ps[i].tag
	}
	return ps, at
}

// span is where chunk i is in the file, with its tag.
func (p place) span(i int64) (offset, size int64) {
	plain := min(p.chunk, p.part.Size-i*p.chunk)
	return p.data + i*(p.chunk+p.tag), plain + p.tag
}

func (p place) last(i int64) bool { return i == p.chunks-1 }

// whole is nil where the file has the size that the manifest gives it.
func whole(ps []place, want, size int64) error {
	switch {
	case size > want:
		return fail(Appended, "%d bytes follow the bid", size-want)
	case size == want:
		return nil
	}
	e := &Error{Kind: Cut, Detail: "the file ends before the contents"}
	for _, p := range ps {
		if size >= p.data {
			e.Part, e.Name, e.Chunk = p.part.Code, p.part.Name, min((size-p.data)/(p.chunk+p.tag), p.chunks-1)
			e.Detail = "the file ends within the contents"
		}
	}
	return e
}

// signatureIn takes the signature out of its area, which zeros fill up.
func signatureIn(area []byte) ([]byte, error) {
	rest := cryptobyte.String(area)
	var element cryptobyte.String
	var tag cbasn1.Tag
	if !rest.ReadAnyASN1Element(&element, &tag) {
		return nil, fail(Malformed, "the signature is no DER")
	}
	for _, b := range rest {
		if b != 0 {
			return nil, fail(Malformed, "something follows the signature")
		}
	}
	return element, nil
}

// joinEnvelopes writes the area of the envelopes: each with its length in four bytes before it.
func joinEnvelopes(ders [][]byte) []byte {
	var area []byte
	for _, der := range ders {
		area = append(binary.BigEndian.AppendUint32(area, uint32(len(der))), der...)
	}
	return area
}

func splitEnvelopes(area []byte, n int) ([][]byte, error) {
	ders := make([][]byte, n)
	for i := range ders {
		if len(area) < 4 || uint64(len(area)-4) < uint64(binary.BigEndian.Uint32(area)) {
			return nil, fail(Malformed, "the area of the envelopes is too short")
		}
		end := 4 + int(binary.BigEndian.Uint32(area))
		ders[i], area = area[4:end], area[end:]
	}
	if len(area) != 0 {
		return nil, fail(Malformed, "something follows the envelopes")
	}
	return ders, nil
}

// readFull reads all of b, or says that it cannot.
func readFull(r io.ReaderAt, b []byte, offset int64) error {
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fail(Cut, "the file became shorter while it was read")
	}
	return &Error{Kind: InputUnreadable, cause: err}
}
