package platform

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

// Uploads in pieces: tus 1.0.0 with creation, expiration, checksum and termination. The protocol has its own headers and no
// bodies, so it stands beside the generated handlers. An upload changes nothing of any contract: PutAttachment takes it.
const (
	uploadsPath   = "/v1/uploads"
	tusVersion    = "1.0.0"
	tusExtensions = "creation,expiration,checksum,termination"
	uploadLife    = 24 * time.Hour // since the last piece
	maxMetadata   = 4 << 10        // bytes

	statusChecksum = 460 // tus, checksum extension
)

var uuidForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
})

// isPiece says whether a request's body is a piece of an upload.
func isPiece(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, uploadsPath+"/") }

// uploads answers at /v1/uploads and below it.
func (s *Server) uploads(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if over := r.Header.Get("X-HTTP-Method-Override"); over != "" {
		method = over // for those who cannot send PATCH
	}
	w.Header().Set("Tus-Resumable", tusVersion)
	id, one := strings.CutPrefix(r.URL.Path, uploadsPath+"/")
	var err error
	switch {
	case method == http.MethodOptions:
		w.Header().Set("Tus-Version", tusVersion)
		w.Header().Set("Tus-Extension", tusExtensions)
		w.Header().Set("Tus-Checksum-Algorithm", "sha1,sha256")
		w.Header().Set("Tus-Max-Size", strconv.FormatInt(s.cfg.MaxFile, 10))
		w.WriteHeader(http.StatusNoContent)
	case r.Header.Get("Tus-Resumable") != tusVersion:
		w.Header().Set("Tus-Version", tusVersion)
		err = web.Refuse(http.StatusPreconditionFailed, platformapi.CodeUploadVersion, "this is tus %s", tusVersion)
	case mayUse(r.Context(), "PutAttachment") != nil: // pieces come from those who may attach them
		err = mayUse(r.Context(), "PutAttachment")
	case method == http.MethodPost && !one:
		err = s.createUpload(w, r)
	case method == http.MethodHead && one:
		err = s.uploadOffset(w, r, id)
	case method == http.MethodPatch && one:
		err = s.takePiece(w, r, id)
	case method == http.MethodDelete && one:
		err = s.endUpload(w, r, id)
	default:
		allow := "OPTIONS, POST"
		if one {
			allow = "OPTIONS, HEAD, PATCH, DELETE"
		}
		w.Header().Set("Allow", allow)
		err = web.Refuse(http.StatusMethodNotAllowed, platformapi.CodeMethod, "this path knows no such method")
	}
	if err != nil {
		web.WriteError(w, r, s.cfg.Log, err)
	}
}

func (s *Server) createUpload(w http.ResponseWriter, r *http.Request) error {
	_, org, err := s.who(r.Context())
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64)
	if err != nil || size < 1 {
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "Upload-Length is missing or no number of bytes")
	}
	meta, err := parseMetadata(r.Header.Get("Upload-Metadata"))
	if err != nil {
		return err
	}
	u := store.Upload{ID: meta["id"], USCC: org.USCC, Size: size, SHA256: meta["sha256"], ExpiresAt: s.now().Add(uploadLife)}
	if u.ID == "" {
		u.ID = platformapi.NewID()
	}
	if sum, err := hex.DecodeString(u.SHA256); !uuidForm().MatchString(u.ID) || err != nil || u.SHA256 != "" && (len(sum) != sha256.Size || hex.EncodeToString(sum) != u.SHA256) {
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "Upload-Metadata: id or sha256 is not of its form")
	}
	if size > s.cfg.MaxFile {
		// A bid may be larger; its upload was made when it was begun, and is only found again here.
		old, err := s.store.Upload(r.Context(), org.USCC, u.ID)
		if err != nil || old.Size != u.Size || old.SHA256 != u.SHA256 {
			return &http.MaxBytesError{Limit: s.cfg.MaxFile}
		}
	}
	if u, err = s.beginUpload(r.Context(), u); err != nil {
		return err
	}
	told(w, u)
	w.Header().Set("Location", uploadsPath+"/"+u.ID)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// beginUpload makes an upload, or finds the one of the same file that is there: who asks again, since no answer came, is told
// where to go on.
func (s *Server) beginUpload(ctx context.Context, u store.Upload) (_ store.Upload, err error) {
	if u.Digest, err = sha256.New().(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return u, err
	}
	if err = s.store.CreateUpload(ctx, u, s.now()); !errors.Is(err, store.ErrIDTaken) {
		return u, err
	}
	old, err := s.store.Upload(ctx, u.USCC, u.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (old.Size != u.Size || old.SHA256 != u.SHA256) {
		err = web.Refuse(http.StatusConflict, platformapi.CodeIDTaken, "the id is another upload's")
	}
	return old, err
}

// told says in an answer's head how far an upload is.
func told(w http.ResponseWriter, u store.Upload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	w.Header().Set("Upload-Expires", u.ExpiresAt.UTC().Format(http.TimeFormat))
}

// parseMetadata reads Upload-Metadata: pairs of a key and a value in base64, separated by commas.
func parseMetadata(header string) (map[string]string, error) {
	wrong := web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "Upload-Metadata is malformed")
	if len(header) > maxMetadata {
		return nil, wrong
	}
	meta := map[string]string{}
	if header == "" {
		return meta, nil
	}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.Trim(pair, " "), " ")
		plain, err := base64.StdEncoding.DecodeString(value)
		if _, twice := meta[key]; key == "" || twice || err != nil {
			return nil, wrong
		}
		meta[key] = string(plain)
	}
	return meta, nil
}

// upload is the caller's upload of this id.
func (s *Server) upload(ctx context.Context, id string) (store.Upload, error) {
	_, org, err := s.who(ctx)
	if err != nil {
		return store.Upload{}, err
	}
	u, err := s.store.Upload(ctx, org.USCC, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return u, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such upload")
	case err == nil && !s.now().Before(u.ExpiresAt):
		return u, web.Refuse(http.StatusGone, platformapi.CodeUploadGone, "the upload was given up")
	}
	return u, err
}

func (s *Server) uploadOffset(w http.ResponseWriter, r *http.Request, id string) error {
	u, err := s.upload(r.Context(), id)
	if err != nil {
		return err
	}
	told(w, u)
	w.Header().Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) endUpload(w http.ResponseWriter, r *http.Request, id string) error {
	u, err := s.upload(r.Context(), id)
	if err != nil {
		return err
	}
	if err := s.store.DropUpload(r.Context(), u.USCC, u.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// takePiece adds a request's body to an upload. What came of a body that broke off is kept, unless it has a checksum that
// cannot be right then.
func (s *Server) takePiece(w http.ResponseWriter, r *http.Request, id string) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/offset+octet-stream" {
		return web.Refuse(http.StatusUnsupportedMediaType, platformapi.CodeMediaType, "a piece is application/offset+octet-stream")
	}
	from, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || from < 0 {
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "Upload-Offset is missing or no number of bytes")
	}
	sum, want, err := parseChecksum(r.Header.Get("Upload-Checksum"))
	if err != nil {
		return err
	}
	u, err := s.upload(r.Context(), id)
	if err != nil {
		return err
	}
	moved := web.Refuse(http.StatusConflict, platformapi.CodeUploadMoved, "the upload is at another offset")
	if from != u.Offset {
		return moved
	}
	if r.ContentLength > u.Size-from {
		return &http.MaxBytesError{Limit: u.Size - from}
	}
	whole := sha256.New()
	if err := whole.(encoding.BinaryUnmarshaler).UnmarshalBinary(u.Digest); err != nil {
		return fmt.Errorf("upload %s: %w", u.ID, err)
	}
	body := &broken{r: http.MaxBytesReader(w, r.Body, u.Size-from)}
	hashes := io.Writer(whole)
	if sum != nil {
		hashes = io.MultiWriter(whole, sum)
	}
	staged, err := s.staging.Stage(io.TeeReader(body, hashes))
	if err != nil {
		return err
	}
	defer staged.Discard()
	// Beyond here the client may be gone: what came of its piece is kept nevertheless.
	ctx := context.WithoutCancel(r.Context())
	switch tooLarge, tooMuch := errors.AsType[*http.MaxBytesError](body.err); {
	case tooMuch:
		return tooLarge
	case sum != nil && !bytes.Equal(sum.Sum(nil), want):
		return web.Refuse(statusChecksum, platformapi.CodeDigestMismatch, "the piece is not what Upload-Checksum says")
	}
	if u.Offset += staged.Size; u.Offset == u.Size && u.SHA256 != "" && hex.EncodeToString(whole.Sum(nil)) != u.SHA256 {
		if err := s.store.DropUpload(ctx, u.USCC, u.ID); err != nil {
			return err
		}
		return web.Refuse(statusChecksum, platformapi.CodeDigestMismatch, "the file is not the one that was to come")
	}
	if staged.Size > 0 {
		digest, err := whole.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return err
		}
		if err := s.keep(ctx, staged); err != nil {
			return err
		}
		now := s.now()
		if later := now.Add(uploadLife); later.After(u.ExpiresAt) {
			u.ExpiresAt = later
		}
		err = s.store.AdvanceUpload(ctx, u.ID, from, store.Piece{SHA256: staged.SHA256, Size: staged.Size}, digest, now, u.ExpiresAt)
		if errors.Is(err, store.ErrUploadMoved) {
			return moved
		}
		if err != nil {
			return err
		}
	}
	told(w, u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// broken ends where reading failed, and remembers how.
type broken struct {
	r   io.Reader
	err error
}

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err, err = err, io.EOF
	}
	return n, err
}

// parseChecksum reads Upload-Checksum, an algorithm and a digest in base64; nil when there is none.
func parseChecksum(header string) (hash.Hash, []byte, error) {
	if header == "" {
		return nil, nil, nil
	}
	name, value, _ := strings.Cut(header, " ")
	want, err := base64.StdEncoding.DecodeString(value)
	var h hash.Hash
	switch name {
	case "sha1": // which the protocol asks every server to know; it guards against accidents here, not against people
		h = sha1.New()
	case "sha256":
		h = sha256.New()
	}
	if h == nil || err != nil || len(want) != h.Size() {
		return nil, nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "Upload-Checksum is malformed, or its algorithm is not known here")
	}
	return h, want, nil
}

// receive stages an attachment's bytes: a request's body, or the pieces of a complete upload.
func (s *Server) receive(ctx context.Context, uploadID string, body io.Reader) (*blobs.Staged, error) {
	if uploadID == "" {
		return s.staging.Stage(body)
	}
	u, err := s.complete(ctx, uploadID)
	if err != nil {
		return nil, err
	}
	if u.Size > s.cfg.MaxFile {
		return nil, &http.MaxBytesError{Limit: s.cfg.MaxFile}
	}
	return s.assemble(ctx, u)
}

// complete is the caller's upload of this id, if all its bytes are here.
func (s *Server) complete(ctx context.Context, uploadID string) (store.Upload, error) {
	u, err := s.upload(ctx, uploadID)
	if f, ok := errors.AsType[*web.Fault](err); ok && f.Status == http.StatusNotFound {
		return u, web.Refuse(http.StatusGone, platformapi.CodeUploadGone, "there is no such upload")
	}
	if err == nil && u.Offset != u.Size {
		err = web.Refuse(http.StatusConflict, platformapi.CodeUploadIncomplete, "%d of %d bytes are here", u.Offset, u.Size)
	}
	return u, err
}

// assemble stages an upload's pieces as one file.
func (s *Server) assemble(ctx context.Context, u store.Upload) (*blobs.Staged, error) {
	return s.staging.Stage(&pieces{ctx: ctx, s: s, left: u.Pieces})
}

// pieces reads an upload's pieces one after the other.
type pieces struct {
	ctx  context.Context
	s    *Server
	left []store.Piece
	now  io.ReadCloser
}

func (p *pieces) Read(b []byte) (int, error) {
	for {
		if p.now == nil {
			if len(p.left) == 0 {
				return 0, io.EOF
			}
			f, err := p.s.blobs.Open(p.ctx, p.left[0].SHA256)
			if err != nil {
				return 0, fmt.Errorf("piece of an upload: %w", err)
			}
			p.now, p.left = f, p.left[1:]
		}
		n, err := p.now.Read(b)
		if err == io.EOF {
			err = p.now.Close()
			p.now = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// expect makes the upload that a file is to come by, which is not given up before a day after a time. One that is there already
// is as good, if it is of the same file.
func (s *Server) expect(ctx context.Context, uscc, id string, size int64, digest string, until time.Time) error {
	if now := s.now(); until.Before(now) {
		until = now
	}
	_, err := s.beginUpload(ctx, store.Upload{ID: id, USCC: uscc, Size: size, SHA256: digest, ExpiresAt: until.Add(uploadLife)})
	return err
}

// forget drops an organisation's uploads that are of no use any more.
func (s *Server) forget(ctx context.Context, uscc string, ids ...string) {
	for _, id := range ids {
		_ = s.store.DropUpload(ctx, uscc, id) // otherwise it expires
	}
}
