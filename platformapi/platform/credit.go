package platform

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

const maxCredit = 2000 // entries of an organisation

// ListCredit answers with the caller's credit library.
func (s *Server) ListCredit(ctx context.Context, _ wire.ListCreditRequestObject) (wire.ListCreditResponseObject, error) {
	_, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	items, err := s.store.Credit(ctx, org.USCC)
	return wire.ListCredit200JSONResponse{Organisation: org, Items: append([]platformapi.CreditItem{}, items...)}, err
}

// PutCredit adds an entry, or changes it.
func (s *Server) PutCredit(ctx context.Context, r wire.PutCreditRequestObject) (wire.PutCreditResponseObject, error) {
	ch, err := s.prepare(ctx, "credit.put", r.ItemID, r.Params.IdempotencyKey, nil, r.Body)
	if err != nil {
		return nil, err
	}
	answer, err := s.store.Answer(ctx, ch.req.USCC, ch.req.Key)
	if err == nil {
		out, err := creditAnswer(ch, answer)
		return wire.PutCredit200JSONResponse{CreditItemJSONResponse: out}, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	x, err := s.creditItem(ctx, ch, r.ItemID, *r.Body)
	if err != nil {
		return nil, err
	}
	if answer, err = s.store.ChangeCredit(ctx, ch.req, x, false); err != nil {
		return nil, err
	}
	for _, f := range r.Body.Files {
		if f.UploadID != "" {
			s.forget(ctx, ch.org.USCC, f.UploadID)
		}
	}
	out, err := creditAnswer(ch, answer)
	return wire.PutCredit200JSONResponse{CreditItemJSONResponse: out}, err
}

// creditItem makes an entry of what was said, and keeps the files that came with it.
func (s *Server) creditItem(ctx context.Context, ch changing, id string, e platformapi.CreditEntry) (platformapi.CreditItem, error) {
	x := platformapi.CreditItem{
		ID: id, Kind: e.Kind, Name: e.Name, Number: e.Number, Issuer: e.Issuer, ValidFrom: e.ValidFrom, ValidUntil: e.ValidUntil, Note: e.Note,
		Files: []platformapi.CreditFile{}, UpdatedAt: ch.req.Now,
	}
	bad := func(why string) (platformapi.CreditItem, error) {
		return x, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "%s", why)
	}
	for _, text := range []string{e.Name, e.Number, e.Issuer, e.Note} {
		if !platformapi.IsPlain(text) {
			return bad("a text has characters that cannot be shown")
		}
	}
	for _, day := range []string{e.ValidFrom, e.ValidUntil} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return bad("a day is none of the calendar")
		}
	}
	if e.ValidFrom != "" && e.ValidUntil != "" && e.ValidUntil < e.ValidFrom {
		return bad("it ends before it begins")
	}
	all, err := s.store.Credit(ctx, ch.org.USCC)
	if err != nil {
		return x, err
	}
	i := slices.IndexFunc(all, func(o platformapi.CreditItem) bool { return o.ID == id })
	if i < 0 && len(all) >= maxCredit {
		return x, web.Refuse(http.StatusConflict, platformapi.CodeTooMany, "the library has %d entries, and takes no more", len(all))
	}
	var had []platformapi.CreditFile
	if i >= 0 {
		had = all[i].Files
	}
	for _, f := range e.Files {
		kept, err := s.creditFile(ctx, f, had)
		if err != nil {
			return x, err
		}
		x.Files = append(x.Files, kept)
	}
	return x, nil
}

// creditFile is a file that the entry has, or one that is kept from its upload.
func (s *Server) creditFile(ctx context.Context, f platformapi.NewCreditFile, had []platformapi.CreditFile) (platformapi.CreditFile, error) {
	name, err := fileName(f.Name)
	if err != nil {
		return platformapi.CreditFile{}, err
	}
	if i := slices.IndexFunc(had, func(o platformapi.CreditFile) bool { return o.SHA256 == f.SHA256 }); i >= 0 {
		return platformapi.CreditFile{Name: name, Size: had[i].Size, SHA256: f.SHA256}, nil
	}
	if f.UploadID == "" {
		return platformapi.CreditFile{}, web.Refuse(http.StatusConflict, platformapi.CodeUploadIncomplete, "the entry has no such file")
	}
	staged, err := s.receive(ctx, f.UploadID, nil)
	if err != nil {
		return platformapi.CreditFile{}, err
	}
	defer staged.Discard()
	if staged.SHA256 != f.SHA256 {
		return platformapi.CreditFile{}, web.Refuse(http.StatusBadRequest, platformapi.CodeDigestMismatch, "the upload is another file")
	}
	return platformapi.CreditFile{Name: name, Size: staged.Size, SHA256: f.SHA256}, s.keep(ctx, staged)
}

// creditAnswer reads a stored answer.
func creditAnswer(ch changing, answer store.Answer) (out wire.CreditItemJSONResponse, err error) {
	if answer.Hash != ch.req.Hash {
		return out, keyReused()
	}
	out.Headers.IdempotencyReplayed = fmt.Sprint(answer.Replayed)
	return out, json.Unmarshal(answer.Body, &out.Body)
}

// RemoveCredit takes an entry out.
func (s *Server) RemoveCredit(ctx context.Context, r wire.RemoveCreditRequestObject) (wire.RemoveCreditResponseObject, error) {
	ch, err := s.prepare(ctx, "credit.remove", r.ItemID, r.Params.IdempotencyKey, nil, nil)
	if err != nil {
		return nil, err
	}
	x, err := s.store.CreditItem(ctx, ch.org.USCC, r.ItemID)
	answer, before := s.store.Answer(ctx, ch.req.USCC, ch.req.Key)
	switch {
	case before == nil:
	case errors.Is(err, store.ErrNotFound):
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such entry")
	case err != nil:
		return nil, err
	default:
		if answer, err = s.store.ChangeCredit(ctx, ch.req, x, true); err != nil {
			return nil, err
		}
	}
	out, err := creditAnswer(ch, answer)
	return wire.RemoveCredit200JSONResponse{CreditItemJSONResponse: out}, err
}

// DownloadCredit streams a file of an entry.
func (s *Server) DownloadCredit(ctx context.Context, r wire.DownloadCreditRequestObject) (wire.DownloadCreditResponseObject, error) {
	_, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	missing := web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such file")
	x, err := s.store.CreditItem(ctx, org.USCC, r.ItemID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(x.Files, func(f platformapi.CreditFile) bool { return f.SHA256 == r.SHA256 })
	if i < 0 {
		return nil, missing
	}
	f, digest, err := s.kept(ctx, "credit "+x.ID, r.SHA256)
	if err != nil {
		return nil, err
	}
	return wire.DownloadCredit200ApplicationOctetStreamResponse{
		Body: f, ContentLength: x.Files[i].Size,
		Headers: wire.DownloadCredit200ResponseHeaders{ReprDigest: digest, ContentDisposition: attachmentName(cmp.Or(x.Files[i].Name, r.SHA256))},
	}, nil
}
