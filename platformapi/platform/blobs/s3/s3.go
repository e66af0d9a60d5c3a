package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"sealdesk/platformapi/platform/blobs"
)

// Bucket is a part of a bucket. Objects are named PREFIX/sha256/ab/cd/DIGEST, as files in a folder are.
type Bucket struct {
	client       *minio.Client
	name, prefix string
}

var _ blobs.Store = (*Bucket)(nil)

// Open reaches the bucket of a URL:
//
//	s3://BUCKET[/PREFIX]?endpoint=https://HOST[:PORT]&region=REGION[&path-style=1]
//
// Without endpoint it is Amazon's. The keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) of the
// environment, or the profile of AWS_PROFILE in AWS_SHARED_CREDENTIALS_FILE; never in the URL, which is seen by all who see
// the processes. The bucket must be there.
func Open(ctx context.Context, rawURL string) (*Bucket, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("blobs: the address is not s3://BUCKET[/PREFIX][?…], without keys in it")
	}
	q := u.Query()
	for name := range q {
		switch name {
		case "endpoint", "region", "path-style":
		default:
			return nil, fmt.Errorf("blobs: s3 address: %q is not known; endpoint, region and path-style are", name)
		}
	}
	endpoint := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if e := q.Get("endpoint"); e != "" {
		endpoint, err = url.Parse(e)
		if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" || strings.Trim(endpoint.Path, "/") != "" {
			return nil, errors.New("blobs: s3 address: endpoint is not https://HOST[:PORT]")
		}
	}
	options := &minio.Options{
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
		}),
		Secure: endpoint.Scheme == "https", Region: q.Get("region"),
	}
	if q.Get("path-style") != "" {
		options.BucketLookup = minio.BucketLookupPath
	}
	client, err := minio.New(endpoint.Host, options)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	b := &Bucket{client: client, name: u.Host, prefix: strings.Trim(u.Path, "/")}
	if err := b.Ping(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Bucket) key(sha256Hex string) string {
	return path.Join(b.prefix, "sha256", sha256Hex[:2], sha256Hex[2:4], sha256Hex)
}

// Keep uploads a staged file; the server refuses it when other bytes arrive than were sent.
func (b *Bucket) Keep(ctx context.Context, s *blobs.Staged) error {
	_, err := b.client.PutObject(ctx, b.name, b.key(s.SHA256), io.NewSectionReader(s.File, 0, s.Size), s.Size,
		minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, DisableMultipart: true})
	if err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	return nil
}

// Open opens the object of a digest.
func (b *Bucket) Open(ctx context.Context, sha256Hex string) (blobs.File, error) {
	if !blobs.IsDigest(sha256Hex) {
		return nil, fs.ErrNotExist
	}
	o, err := b.client.GetObject(ctx, b.name, b.key(sha256Hex), minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	if _, err := o.Stat(); err != nil { // the request is sent by the first call
		_ = o.Close() // nothing was opened
		if missing(err) {
			return nil, fs.ErrNotExist
		}
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return o, nil
}

func missing(err error) bool {
	e, ok := errors.AsType[minio.ErrorResponse](err)
	return ok && e.StatusCode == http.StatusNotFound && e.Code == minio.NoSuchKey
}

// Remove removes the object of a digest.
func (b *Bucket) Remove(ctx context.Context, sha256Hex string) error {
	if !blobs.IsDigest(sha256Hex) {
		return nil
	}
	if err := b.client.RemoveObject(ctx, b.name, b.key(sha256Hex), minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	return nil
}

// Ping asks for the bucket.
func (b *Bucket) Ping(ctx context.Context) error {
	there, err := b.client.BucketExists(ctx, b.name)
	if err == nil && !there {
		err = fmt.Errorf("there is no bucket %q", b.name)
	}
	if err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	return nil
}
