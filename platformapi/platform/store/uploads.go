package store

import (
	"context"
	"errors"
	"time"
)

// ErrUploadMoved: the upload is not at the offset that the caller saw.
var ErrUploadMoved = errors.New("store: upload is at another offset")

// Uploads keep files that arrive in pieces. All that is known of one stands here, so that another server can go on with it.
type Uploads interface {
	// CreateUpload keeps a new upload, and forgets those that expired before now. ErrIDTaken when there is one of this id.
	CreateUpload(ctx context.Context, u Upload, now time.Time) error
	// Upload is an organisation's upload with its pieces.
	Upload(ctx context.Context, uscc, id string) (Upload, error)
	// AdvanceUpload adds a piece at the end, which is at from, and keeps the state of the digest after it. Of two that come
	// for the same offset one is added, and the other one is ErrUploadMoved. With the last piece, now is when the upload was complete.
	AdvanceUpload(ctx context.Context, id string, from int64, p Piece, digest []byte, now, expires time.Time) error
	// DropUpload forgets an organisation's upload; one that is not there is none.
	DropUpload(ctx context.Context, uscc, id string) error
}

// Upload is a file of which the first Offset bytes are here.
type Upload struct {
	ID         string
	USCC       string
	Size       int64  // bytes of the whole file
	SHA256     string // that it must have, lower-case hex; "" when the client did not say
	Offset     int64
	Digest     []byte // state of the running SHA-256 after Offset bytes (encoding.BinaryMarshaler)
	ExpiresAt  time.Time
	CompleteAt time.Time // when its last byte was here; zero: it is not
	Pieces     []Piece   // in their order
}

// Piece is a part of an upload, a blob by its digest.
type Piece struct {
	SHA256 string
	Size   int64
}
