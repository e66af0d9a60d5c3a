package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/header"
)

// PutAttachment uploads a file. One larger than a piece comes in pieces first, each of which arrives once.
func (c *Client) PutAttachment(ctx context.Context, x platformapi.Change, u platformapi.Upload) (platformapi.Outcome, error) {
	digest, err := header.FormatDigest(u.SHA256)
	if err != nil {
		return platformapi.Outcome{}, &platformapi.Error{Kind: platformapi.KindProblem, CodeValue: platformapi.CodeBadRequest, Detail: "the upload has no SHA-256"}
	}
	params := &platformapi.PutAttachmentParams{
		Kind: u.Kind, Stage: u.Stage, Name: u.Name, Note: given(u.Note), ContentDigest: digest, IdempotencyKey: header.FormatKey(x.Key), IfMatch: tag(x),
	}
	put := func(size int64) (platformapi.Outcome, error) {
		return c.change(ctx, c.opts.Transfer, x.ContractID, func(ctx context.Context) (*http.Response, error) {
			body := func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(u.Content, 0, size)), nil }
			first, err := body()
			if err != nil {
				return nil, err
			}
			return c.wire.PutAttachmentWithBody(ctx, x.ContractID, u.ID, params, "application/octet-stream", first, func(_ context.Context, r *http.Request) error {
				r.ContentLength, r.GetBody = size, body
				return nil
			})
		})
	}
	if u.Size <= c.opts.Piece {
		return put(u.Size)
	}
	// The pieces may be there, and the file may be attached, by a try whose answer did not come: nothing is sent twice.
	params.Upload = given(u.ID)
	out, err := put(0)
	if !platformapi.IsCode(err, platformapi.CodeUploadGone) && !platformapi.IsCode(err, platformapi.CodeUploadIncomplete) {
		return out, err
	}
	id, err := c.sendPieces(ctx, file{id: u.ID, size: u.Size, sha256: u.SHA256, content: u.Content})
	if err != nil {
		return platformapi.Outcome{}, err
	}
	params.Upload = given(id)
	return put(0)
}

// Download streams a file into dir.
func (c *Client) Download(ctx context.Context, contractID string, a platformapi.Attachment, dir string) (path string, err error) {
	return c.download(ctx, a.Size, a.SHA256, dir, func(ctx context.Context) (*http.Response, error) {
		return c.wire.DownloadAttachment(ctx, contractID, a.ID)
	})
}

// DownloadTemplate streams a template into dir.
func (c *Client) DownloadTemplate(ctx context.Context, t platformapi.Template, dir string) (path string, err error) {
	return c.download(ctx, t.Size, t.SHA256, dir, func(ctx context.Context) (*http.Response, error) {
		return c.wire.DownloadTemplate(ctx, t.ID)
	})
}

// download streams an answer into dir, if it is the file of this size and digest, "" where nobody knows it.
func (c *Client) download(ctx context.Context, size int64, digest, dir string, send func(context.Context) (*http.Response, error)) (path string, err error) {
	err = c.ask(ctx, c.opts.Transfer, send, func(resp *http.Response) (err error) {
		f, err := os.CreateTemp(dir, "download-*.part")
		if err != nil {
			return fmt.Errorf("download: %w", err)
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, ignoreClosed(f.Close()), os.Remove(f.Name()))
			}
		}()
		h := sha256.New()
		in := &source{r: io.LimitReader(resp.Body, size+1)}
		n, err := io.Copy(io.MultiWriter(f, h), in)
		switch {
		case in.err != nil:
			return failure(ctx, in.err)
		case err != nil:
			return fmt.Errorf("download: %w", err)
		case n != size || digest != "" && hex.EncodeToString(h.Sum(nil)) != digest:
			return nonsense("the file is not the one the platform named", nil)
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("download: %w", err)
		}
		path = f.Name()
		return nil
	})
	return path, err
}

// source remembers how reading failed, so that the network's failures can be told from the disk's.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
