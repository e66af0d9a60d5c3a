package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
)

// asked is what every change carries.
type asked struct {
	key     string
	version int64  // that it is decided on; 0: it is not decided on one
	hash    string // of everything that the request says
}

// readAsked reads what every change carries. body stands for everything else the request says; ifMatch nil is a change that
// is not decided on a version.
func readAsked(op, id, keyHeader string, ifMatch *string, body any) (q asked, err error) {
	if q.key, err = header.ParseKey(keyHeader); err != nil {
		return q, badHeader("Idempotency-Key", err, http.StatusBadRequest, platformapi.CodeKeyMissing)
	}
	if ifMatch != nil {
		if q.version, err = header.ParseIfMatch(*ifMatch, id); err != nil {
			return q, badHeader("If-Match", err, http.StatusPreconditionRequired, platformapi.CodeVersionMissing)
		}
	}
	said, err := json.Marshal([]any{op, id, q.version, body})
	sum := sha256.Sum256(said)
	q.hash = hex.EncodeToString(sum[:])
	return q, err
}

// badHeader is the refusal of a header that is missing or malformed.
func badHeader(name string, err error, status int, missing string) error {
	if errors.Is(err, header.ErrMissing) {
		return web.Refuse(status, missing, "%s is missing", name)
	}
	return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "%s is malformed", name)
}

func keyReused() error {
	return web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeKeyReused, "the key was used for another request")
}
