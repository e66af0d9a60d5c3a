package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

const (
	magic     = "SDVAULT1"
	saltSize  = 24
	headSize  = int64(len(magic) + saltSize)
	chunkSize = 64 << 10
	tagSize   = 16
)

var errClosed = errors.New("vault: written to after its end")

// chunks is the cipher of one file: its own key, which salt and context make of the vault's.
func (v *Vault) chunks(salt []byte, context string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, v.key, salt, "sealdesk vault file\x00"+context, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// nonce is a chunk's place, and whether it is the last one.
func nonce(place int64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[3:], uint64(place))
	if last {
		n[11] = 1
	}
	return n
}

// Size is how many bytes a file of so many bytes takes when it is encrypted.
func Size(plain int64) int64 {
	return headSize + plain + max(1, (plain+chunkSize-1)/chunkSize)*tagSize
}

// plainSize is Size backwards; false for what no encrypted file is as long as.
func plainSize(size int64) (plain, chunks int64, ok bool) {
	body := size - headSize
	chunks = max(1, (body+chunkSize+tagSize-1)/(chunkSize+tagSize))
	plain = body - chunks*tagSize
	return plain, chunks, plain >= 0 && Size(plain) == size
}

// Writer encrypts a file as it is written. Close writes its last chunk: without it the file cannot be opened. It does not
// close w.
func (v *Vault) Writer(w io.Writer, context string) (io.WriteCloser, error) {
	head := append([]byte(magic), make([]byte, saltSize)...)
	_, _ = rand.Read(head[len(magic):])
	box, err := v.chunks(head[len(magic):], context)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	return &writer{w: w, box: box, buf: make([]byte, 0, chunkSize+tagSize)}, nil
}

type writer struct {
	w     io.Writer
	box   cipher.AEAD
	buf   []byte
	place int64
	err   error
}

func (w *writer) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) && w.err == nil {
		if len(w.buf) == chunkSize {
			w.flush(false)
		}
		m := min(len(p)-n, chunkSize-len(w.buf))
		w.buf = append(w.buf, p[n:n+m]...)
		n += m
	}
	return n, w.err
}

func (w *writer) flush(last bool) {
	sealed := w.box.Seal(w.buf[:0], nonce(w.place, last), w.buf, nil)
	_, w.err = w.w.Write(sealed)
	w.buf, w.place = w.buf[:0], w.place+1
}

func (w *writer) Close() error {
	if w.err == nil {
		if w.flush(true); w.err == nil {
			w.err = errClosed
			return nil
		}
	}
	return w.err
}

// A File is an encrypted file, read where it is asked for. Its methods may be called from several goroutines.
type File struct {
	r      io.ReaderAt
	box    cipher.AEAD
	size   int64
	chunks int64

	mu   sync.Mutex
	at   int64 // of the chunk that is in buf; -1 when none is
	buf  []byte
	read []byte
}

// File opens an encrypted file of so many bytes. Its end is checked at once, and every chunk when it is read.
func (v *Vault) File(r io.ReaderAt, size int64, context string) (*File, error) {
	plain, chunks, ok := plainSize(size)
	head := make([]byte, headSize)
	if !ok {
		return nil, &Error{CodeValue: CodeDamaged}
	}
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, &Error{CodeValue: CodeDamaged, Err: err}
	}
	if string(head[:len(magic)]) != magic {
		return nil, &Error{CodeValue: CodeDamaged}
	}
	box, err := v.chunks(head[len(magic):], context)
	if err != nil {
		return nil, err
	}
	f := &File{r: r, box: box, size: plain, chunks: chunks, at: -1}
	_, err = f.chunk(chunks - 1)
	return f, err
}

// Size is how many bytes the file has.
func (f *File) Size() int64 { return f.size }

// chunk is the content of one chunk; f.mu is held, or nobody else has f.
func (f *File) chunk(i int64) ([]byte, error) {
	if f.at == i {
		return f.buf, nil
	}
	if f.read == nil {
		f.read = make([]byte, chunkSize+tagSize)
	}
	begin := headSize + i*(chunkSize+tagSize)
	sealed := f.read[:min(chunkSize, f.size-i*chunkSize)+tagSize]
	if _, err := f.r.ReadAt(sealed, begin); err != nil && err != io.EOF {
		return nil, &Error{CodeValue: CodeDamaged, Err: err}
	}
	f.at = -1
	plain, err := f.box.Open(f.buf[:0], nonce(i, i == f.chunks-1), sealed, nil)
	if err != nil {
		return nil, &Error{CodeValue: CodeDamaged, Err: err}
	}
	f.at, f.buf = i, plain
	return plain, nil
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for n < len(p) {
		if off < 0 || off >= f.size {
			return n, io.EOF
		}
		plain, err := f.chunk(off / chunkSize)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], plain[off%chunkSize:])
		n, off = n+m, off+int64(m)
	}
	return n, nil
}
