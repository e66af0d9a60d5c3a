package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"sealdesk/platformapi"
)

const (
	defaultPiece = 1 << 20 // bytes; what a cut costs at most
	manyPieces   = 256     // of a large file, whose pieces are larger
	maxPiece     = 16 << 20
	tusVersion   = "1.0.0"
)

// file is what pieces are of.
type file struct {
	id       string // of the upload, chosen by the client
	size     int64
	sha256   string
	content  io.ReaderAt
	progress func(done, total int64) // nil is told nothing
}

// sendPieces brings a file to the platform by tus 1.0.0, from where the platform says that it has come, and returns the
// upload's id: the file's own, so that any later try, of another process too, finds what has arrived.
func (c *Client) sendPieces(ctx context.Context, u file) (string, error) {
	if u.progress == nil {
		u.progress = func(int64, int64) {}
	}
	meta := "id " + base64.StdEncoding.EncodeToString([]byte(u.id)) + ",sha256 " + base64.StdEncoding.EncodeToString([]byte(u.sha256))
	made, err := c.tus(ctx, http.MethodPost, "/v1/uploads", nil, map[string]string{
		"Upload-Length": strconv.FormatInt(u.size, 10), "Upload-Metadata": meta,
	})
	if err != nil {
		return "", err
	}
	place := made.Get("Location")
	id, ok := strings.CutPrefix(place, "/v1/uploads/")
	if !ok || strings.ContainsAny(id, "/?#") || id == "" {
		return "", nonsense("the upload has no place of its own", nil)
	}
	// Where to go on is asked for, since the answer that told it may be an old one by now.
	head, err := c.tus(ctx, http.MethodHead, place, nil, nil)
	if err != nil {
		return "", err
	}
	at, err := offset(head, u.size)
	if err != nil {
		return "", err
	}
	piece := make([]byte, min(max(c.opts.Piece, min(u.size/manyPieces, maxPiece)), u.size))
	for u.progress(at, u.size); at < u.size; u.progress(at, u.size) {
		part := piece[:min(int64(len(piece)), u.size-at)]
		if _, err := u.content.ReadAt(part, at); err != nil && err != io.EOF {
			return "", err
		}
		sum := sha256.Sum256(part)
		head, err := c.tus(ctx, http.MethodPatch, place, part, map[string]string{
			"Content-Type": "application/offset+octet-stream", "Upload-Offset": strconv.FormatInt(at, 10),
			"Upload-Checksum": "sha256 " + base64.StdEncoding.EncodeToString(sum[:]),
		})
		if err != nil {
			return "", err
		}
		next, err := offset(head, u.size)
		if err != nil {
			return "", err
		}
		if next <= at {
			return "", nonsense("the upload does not get on", nil)
		}
		at = next
	}
	return id, nil
}

func offset(h http.Header, size int64) (int64, error) {
	n, err := strconv.ParseInt(h.Get("Upload-Offset"), 10, 64)
	if err != nil || n < 0 || n > size {
		return 0, nonsense("the upload's offset is not one", err)
	}
	return n, nil
}

// tus makes one call of the upload protocol, and gives the head of an answer that is not a refusal.
func (c *Client) tus(ctx context.Context, method, path string, body []byte, headers map[string]string) (http.Header, error) {
	inner, cancel := context.WithTimeout(ctx, c.opts.Transfer)
	defer cancel()
	r, err := http.NewRequestWithContext(inner, method, c.origin+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Tus-Resumable", tusVersion)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	resp, err := c.bound.RoundTrip(r)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // what matters of it was read
	switch {
	case resp.StatusCode >= 400 && method == http.MethodHead: // such an answer has no body to tell its reason
		return nil, refusedHead(resp.StatusCode)
	case resp.StatusCode >= 400:
		return nil, elsewhere(problem(resp))
	case resp.StatusCode >= 300 || resp.Header.Get("Tus-Resumable") != tusVersion:
		return nil, nonsense("the answer is not the upload protocol's", nil)
	}
	return resp.Header, nil
}

func refusedHead(status int) error {
	e := &platformapi.Error{Kind: platformapi.KindProblem, CodeValue: platformapi.CodeUploadGone, Status: status, Detail: "the upload is not there"}
	if status == http.StatusUnauthorized {
		e.Kind, e.CodeValue = platformapi.KindUnauthorised, platformapi.CodeSessionOver
	}
	return again(e)
}

// elsewhere turns refusals that only mean that the upload stands elsewhere than was thought into ones after which a try from
// its beginning may help: two tries at once, a piece that was changed on its way.
func elsewhere(err error) error {
	if e, ok := err.(*platformapi.Error); ok && e.Kind == platformapi.KindProblem {
		return again(e)
	}
	return err
}

// again marks an error as retryable, if asking anew where the upload stands mends it.
func again(e *platformapi.Error) *platformapi.Error {
	switch e.Code() {
	case platformapi.CodeUploadMoved, platformapi.CodeUploadGone, platformapi.CodeDigestMismatch, platformapi.CodeNotFound:
		e.Kind = platformapi.KindNonsense
	}
	return e
}
