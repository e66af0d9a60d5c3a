package platform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
)

// kept opens a file that is kept, and gives its digest as a header says it.
func (s *Server) kept(ctx context.Context, of, sha256 string) (io.ReadCloser, string, error) {
	digest, err := header.FormatDigest(sha256)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", of, err)
	}
	f, err := s.blobs.Open(ctx, sha256)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", of, err)
	}
	return f, digest, nil
}

// keep keeps a staged file for whoever names it within the next hours.
func (s *Server) keep(ctx context.Context, staged *blobs.Staged) error {
	if err := s.store.AnnounceBlob(ctx, staged.SHA256, s.now()); err != nil {
		return err
	}
	return s.blobs.Keep(ctx, staged)
}

// takePlace waits for one of the places of those that work on files.
func (s *Server) takePlace(ctx context.Context) (leave func(), err error) {
	wait, cancel := context.WithTimeout(ctx, judgeTime)
	defer cancel()
	select {
	case s.judges <- struct{}{}:
		return func() { <-s.judges }, nil
	case <-wait.Done():
		return nil, web.Refuse(http.StatusServiceUnavailable, platformapi.CodeUnavailable, "too many files are being judged")
	}
}

// paper is a small file as an answer.
func paper(content []byte) (io.Reader, int64, string, error) {
	sum := sha256.Sum256(content)
	digest, err := header.FormatDigest(hex.EncodeToString(sum[:]))
	return bytes.NewReader(content), int64(len(content)), digest, err
}
