package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/text/unicode/norm"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

// DownloadAttachment streams a file.
func (s *Server) DownloadAttachment(ctx context.Context, r wire.DownloadAttachmentRequestObject) (wire.DownloadAttachmentResponseObject, error) {
	c, _, org, err := s.seen(ctx, r.ContractID)
	if err != nil {
		return nil, err
	}
	for _, x := range c.Attachments {
		if x.ID != r.AttachmentID || roleIn(c.Lot, org.USCC) != c.Starter && !x.Shared {
			continue
		}
		f, digest, err := s.kept(ctx, "attachment "+x.ID, x.SHA256)
		if err != nil {
			return nil, err
		}
		return wire.DownloadAttachment200ApplicationOctetStreamResponse{
			Body: f, ContentLength: x.Size, // the generated code closes what can be closed
			Headers: wire.DownloadAttachment200ResponseHeaders{
				ReprDigest: digest, ContentDisposition: attachmentName(x.Name),
			},
		}, nil
	}
	return nil, errNotFound()
}

// PutAttachment takes a file in. The bytes last under their digest before the row that names them is written, and
// seals are judged before that, outside the transaction; the rules are asked again inside it.
func (s *Server) PutAttachment(ctx context.Context, r wire.PutAttachmentRequestObject) (wire.PutAttachmentResponseObject, error) {
	p := r.Params
	digest, err := header.ParseDigest(p.ContentDigest)
	if err != nil {
		return nil, badHeader("Content-Digest", err, http.StatusBadRequest, platformapi.CodeBadRequest)
	}
	name, err := fileName(p.Name)
	if err != nil {
		return nil, err
	}
	note := orZero(p.Note)
	if !platformapi.IsPlain(note) {
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the note has characters that cannot be shown")
	}
	ch, err := s.prepare(ctx, "attach", r.ContractID, p.IdempotencyKey, &p.IfMatch, []string{r.AttachmentID, string(p.Kind), string(p.Stage), name, note, digest})
	if err != nil {
		return nil, err
	}
	answer, err := s.store.Answer(ctx, ch.req.USCC, ch.req.Key)
	if err == nil {
		out, err := s.replay(ch, answer)
		return wire.PutAttachment200JSONResponse{OutcomeJSONResponse: out}, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	c, _, _, err := s.seen(ctx, r.ContractID)
	if err != nil {
		return nil, err
	}
	if err := ch.act.mayAttach(c, p.Kind, p.Stage); err != nil {
		return nil, err
	}
	staged, err := s.receive(ctx, orZero(p.Upload), r.Body)
	if err != nil {
		return nil, err
	}
	defer staged.Discard()
	if staged.SHA256 != digest {
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeDigestMismatch, "the body is not what Content-Digest says")
	}
	x := platformapi.Attachment{ID: r.AttachmentID, Kind: p.Kind, Stage: p.Stage, Name: name, Note: note, Size: staged.Size, SHA256: digest}
	x.MediaType, err = mediaType(staged.File)
	if err != nil {
		return nil, err
	}
	if !nameFits(name, x.MediaType) || onlyPDF(p.Kind, p.Stage) && x.MediaType != mediaPDF {
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeFilingFormat, "the file is not of a kind that is taken here, or its name says otherwise")
	}
	if onlyPDF(p.Kind, p.Stage) {
		if x.Seals, err = s.judge(ctx, c, ch.org, p.Kind, p.Stage, staged); err != nil {
			return nil, err
		}
	}
	if err := s.keep(ctx, staged); err != nil {
		return nil, err
	}
	ch.act.now = s.now() // the moment of receipt is when the last byte was there
	ch.req.Now = ch.act.now
	out, err := s.apply(ctx, ch, func(c *store.Contract) (*store.Contract, store.Effect, error) {
		effect, err := ch.act.attach(c, x)
		return c, effect, err
	})
	if upload := orZero(p.Upload); err == nil && upload != "" {
		s.forget(ctx, ch.org.USCC, upload)
	}
	return wire.PutAttachment200JSONResponse{OutcomeJSONResponse: out}, err
}

// RemoveAttachment takes a file out.
func (s *Server) RemoveAttachment(ctx context.Context, r wire.RemoveAttachmentRequestObject) (wire.RemoveAttachmentResponseObject, error) {
	out, err := s.move(ctx, "detach", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.AttachmentID,
		func(a act, c *store.Contract) (store.Effect, error) { return a.detach(c, r.AttachmentID) })
	return wire.RemoveAttachment200JSONResponse{OutcomeJSONResponse: out}, err
}

// SetNote changes a file's note.
func (s *Server) SetNote(ctx context.Context, r wire.SetNoteRequestObject) (wire.SetNoteResponseObject, error) {
	out, err := s.move(ctx, "note", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, []string{r.AttachmentID, r.Body.Note},
		func(a act, c *store.Contract) (store.Effect, error) { return a.setNote(c, r.AttachmentID, r.Body.Note) })
	return wire.SetNote200JSONResponse{OutcomeJSONResponse: out}, err
}

// onlyPDF says whether a file of this kind and stage has to be a PDF, which is judged.
func onlyPDF(kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) bool {
	return kind == platformapi.KindPublication || stage != platformapi.StageUploaded
}

// judge verifies a sealed file's seals, and that what must carry none does not.
func (s *Server) judge(ctx context.Context, c *store.Contract, org platformapi.Organisation, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage, staged *blobs.Staged) ([]platformapi.SealFact, error) {
	ctx, cancel := context.WithTimeout(ctx, judgeTime)
	defer cancel()
	leave, err := s.takePlace(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	switch {
	case kind == platformapi.KindPublication:
		return nil, judgeUnsealed(ctx, s.cfg.Judge, staged.File, staged.Size, platformapi.CodeCopySealed)
	case stage == platformapi.StageClean:
		return nil, judgeUnsealed(ctx, s.cfg.Judge, staged.File, staged.Size, platformapi.CodeCleanSealed)
	}
	base := baseOf(c, org)
	if base == nil {
		return judgeSeals(ctx, s.cfg.Judge, staged.File, staged.Size, nil, org)
	}
	f, err := s.blobs.Open(ctx, base.SHA256)
	if err != nil {
		return nil, fmt.Errorf("attachment %s: %w", base.ID, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	first := &sealedFirst{content: io.LimitReader(f, base.Size), size: base.Size, seals: len(base.Seals), by: base.By}
	return judgeSeals(ctx, s.cfg.Judge, staged.File, staged.Size, first, org)
}

const maxName = 200 // bytes

// fileName takes the last part of what a client calls a file. It is shown, never opened.
func fileName(s string) (string, error) {
	s = norm.NFC.String(s)
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxName || !platformapi.IsPlain(s) || strings.ContainsAny(s, "\n\t") {
		return "", web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the file's name is empty, too long or cannot be shown")
	}
	return s, nil
}
