package platform

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

// as shows things as an organisation sees them now.
func (s *Server) as(kind platformapi.OrganisationKind, org platformapi.Organisation) viewer {
	return viewer{rules: s.cfg.Rules, order: s.cfg.Order, org: org, observer: kind != platformapi.OrganisationParty, now: s.now()}
}

// live is the lot's live contract, nil when there is none.
func (s *Server) live(ctx context.Context, lotID string) (*store.Contract, error) {
	c, err := s.store.LiveContract(ctx, lotID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &c, err
}

// lot is a lot that the caller may see, and its live contract, with the view for the caller.
func (s *Server) lot(ctx context.Context, id string) (store.Lot, *store.Contract, viewer, error) {
	x, org, err := s.who(ctx)
	v := s.as(x.Kind, org)
	if err != nil {
		return store.Lot{}, nil, v, err
	}
	l, err := s.store.Lot(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && roleIn(l, org.USCC) == "" && !observes(x, l) {
		return l, nil, v, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such lot")
	}
	if err != nil {
		return l, nil, v, err
	}
	c, err := s.live(ctx, id)
	return l, c, v, err
}

// ListLots answers with the caller's lots.
func (s *Server) ListLots(ctx context.Context, r wire.ListLotsRequestObject) (wire.ListLotsResponseObject, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	lots, err := s.store.Lots(ctx, org.USCC)
	if err != nil {
		return nil, err
	}
	list := platformapi.LotList{Items: []platformapi.Lot{}}
	for _, l := range lots {
		if r.Params.Kind != nil && l.Kind != *r.Params.Kind {
			continue
		}
		c, err := s.live(ctx, l.ID)
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, s.as(x.Kind, org).lot(l, c))
	}
	return wire.ListLots200JSONResponse(list), nil
}

// GetLot answers with one lot.
func (s *Server) GetLot(ctx context.Context, r wire.GetLotRequestObject) (wire.GetLotResponseObject, error) {
	l, c, v, err := s.lot(ctx, r.LotID)
	if err != nil {
		return nil, err
	}
	return wire.GetLot200JSONResponse(v.lot(l, c)), nil
}

// GetFlow answers with a project's steps.
func (s *Server) GetFlow(ctx context.Context, r wire.GetFlowRequestObject) (wire.GetFlowResponseObject, error) {
	l, c, v, err := s.lot(ctx, r.LotID)
	if err != nil {
		return nil, err
	}
	return wire.GetFlow200JSONResponse(v.flow(l, c)), nil
}

// orZero is the value of a parameter, or the zero value when it was not sent.
func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// ListContracts answers with a page.
func (s *Server) ListContracts(ctx context.Context, r wire.ListContractsRequestObject) (wire.ListContractsResponseObject, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	q := store.Query{USCC: org.USCC, Observer: observer(x), State: orZero(r.Params.State), Words: orZero(r.Params.Q), Limit: cmp.Or(orZero(r.Params.Limit), defaultPageLimit)}
	filter := strings.Join([]string{q.USCC, string(q.State), q.Words}, "\x00")
	at, err := s.openPage(filter, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	q.Before, q.BeforeID = at.created, at.id
	limit := q.Limit
	q.Limit++
	found, err := s.store.Contracts(ctx, q)
	if err != nil {
		return nil, err
	}
	page := platformapi.ContractPage{Items: []platformapi.ContractSummary{}}
	link := ""
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		page.NextCursor = sealCursor(s.cursorKey, filter, position{created: last.CreatedAt, id: last.ID})
		link = nextLink("/v1/contracts", page.NextCursor, limit, map[string]string{"state": string(q.State), "q": q.Words})
	}
	for i := range found {
		page.Items = append(page.Items, s.as(x.Kind, org).summary(&found[i]))
	}
	return wire.ListContracts200JSONResponse{Body: page, Headers: wire.ListContracts200ResponseHeaders{Link: link}}, nil
}

// seen is a contract the caller may see.
func (s *Server) seen(ctx context.Context, id string) (*store.Contract, store.Session, platformapi.Organisation, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, x, org, err
	}
	c, err := s.store.Contract(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !visible(&c, org.USCC) && (c.SubmittedAt.IsZero() || !observes(x, c.Lot)) {
		err = errNotFound()
	}
	return &c, x, org, err
}

// GetContract answers with a contract. The other side's first call leaves a row in the history.
func (s *Server) GetContract(ctx context.Context, r wire.GetContractRequestObject) (wire.GetContractResponseObject, error) {
	c, x, org, err := s.seen(ctx, r.ContractID)
	if err != nil {
		return nil, err
	}
	a := act{org: org, person: x.Person, now: s.now()}
	if roleIn(c.Lot, org.USCC) == otherOf(c) && c.State == platformapi.StateAwaiting && c.ViewedAt.IsZero() {
		if err := s.store.Mark(ctx, c.ID, a.view); err != nil {
			return nil, err
		}
		s.hub.look()
		if *c, err = s.store.Contract(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	return wire.GetContract200JSONResponse{
		Body: s.as(x.Kind, org).contract(c), Headers: wire.GetContract200ResponseHeaders{ETag: header.FormatETag(c.ID, c.Version)},
	}, nil
}

// ListReceipts answers with the caller's receipts.
func (s *Server) ListReceipts(ctx context.Context, r wire.ListReceiptsRequestObject) (wire.ListReceiptsResponseObject, error) {
	c, _, org, err := s.seen(ctx, r.ContractID)
	if err != nil {
		return nil, err
	}
	list, err := s.store.Receipts(ctx, org.USCC, c.ID)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []platformapi.Receipt{}
	}
	for i := range list {
		if err := s.sign(&list[i], org.USCC); err != nil {
			return nil, err
		}
	}
	return wire.ListReceipts200JSONResponse{Items: list}, nil
}

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
		f, err := s.blobs.Open(ctx, x.SHA256)
		if err != nil {
			return nil, fmt.Errorf("attachment %s: %w", x.ID, err)
		}
		digest, err := header.FormatDigest(x.SHA256)
		if err != nil {
			return nil, errors.Join(err, f.Close())
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

// sign signs a receipt, where the platform has a key for it.
func (s *Server) sign(r *platformapi.Receipt, uscc string) (err error) {
	if s.cfg.Receipts != nil {
		r.Signature, err = s.cfg.Receipts.Sign(receipt.State(s.cfg.Origins[0], uscc, *r))
	}
	return err
}

// changing is a change that was asked for.
type changing struct {
	org platformapi.Organisation
	act act
	req store.Request
}

// badHeader is the refusal of a header that is missing or malformed.
func badHeader(name string, err error, status int, missing string) error {
	if errors.Is(err, header.ErrMissing) {
		return web.Refuse(status, missing, "%s is missing", name)
	}
	return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "%s is malformed", name)
}

// prepare reads what every change carries. body stands for everything else the request says.
func (s *Server) prepare(ctx context.Context, op, contractID, keyHeader string, ifMatch *string, body any) (changing, error) {
	var ch changing
	x, org, err := s.who(ctx)
	if err != nil {
		return ch, err
	}
	key, err := header.ParseKey(keyHeader)
	if err != nil {
		return ch, badHeader("Idempotency-Key", err, http.StatusBadRequest, platformapi.CodeKeyMissing)
	}
	var version int64
	if ifMatch != nil {
		if version, err = header.ParseIfMatch(*ifMatch, contractID); err != nil {
			return ch, badHeader("If-Match", err, http.StatusPreconditionRequired, platformapi.CodeVersionMissing)
		}
	}
	said, err := json.Marshal([]any{op, contractID, version, body})
	if err != nil {
		return ch, err
	}
	sum := sha256.Sum256(said)
	now := s.now()
	return changing{
		org: org,
		act: act{org: org, person: x.Person, now: now, version: version},
		req: store.Request{USCC: org.USCC, Person: x.Person, Key: key, Hash: hex.EncodeToString(sum[:]), ContractID: contractID, Now: now},
	}, nil
}

// apply makes a change once, and answers the same to every repetition.
func (s *Server) apply(ctx context.Context, ch changing, decide func(*store.Contract) (*store.Contract, store.Effect, error)) (wire.OutcomeJSONResponse, error) {
	answer, err := s.store.Change(ctx, ch.req, decide, func(receipt platformapi.Receipt, c *store.Contract) ([]byte, error) {
		return json.Marshal(platformapi.Outcome{Receipt: receipt, Contract: s.as(platformapi.OrganisationParty, ch.org).contract(c)})
	})
	switch {
	case errors.Is(err, store.ErrLotTaken):
		return wire.OutcomeJSONResponse{}, web.Refuse(http.StatusConflict, platformapi.CodeLotTaken, "the lot has a contract already")
	case errors.Is(err, store.ErrAmending):
		return wire.OutcomeJSONResponse{}, web.Refuse(http.StatusConflict, platformapi.CodeAmending, "another amendment of the contract is under way")
	case errors.Is(err, store.ErrIDTaken):
		return wire.OutcomeJSONResponse{}, web.Refuse(http.StatusConflict, platformapi.CodeIDTaken, "the id is taken")
	case err != nil:
		return wire.OutcomeJSONResponse{}, err
	}
	s.hub.look()
	return s.replay(ch, answer)
}

// replay reads a stored answer. Its receipt is signed now: the platform's address may have changed since.
func (s *Server) replay(ch changing, answer store.Answer) (wire.OutcomeJSONResponse, error) {
	var out wire.OutcomeJSONResponse
	if answer.Hash != ch.req.Hash {
		return out, keyReused()
	}
	if err := json.Unmarshal(answer.Body, &out.Body); err != nil {
		return out, err
	}
	if err := s.sign(&out.Body.Receipt, ch.org.USCC); err != nil {
		return out, err
	}
	out.Headers.ETag = header.FormatETag(ch.req.ContractID, out.Body.Receipt.Version)
	out.Headers.IdempotencyReplayed = fmt.Sprint(answer.Replayed)
	return out, nil
}

// move is a change of a contract that is there.
func (s *Server) move(ctx context.Context, op, contractID, key, ifMatch string, body any, rule func(act, *store.Contract) (store.Effect, error)) (wire.OutcomeJSONResponse, error) {
	ch, err := s.prepare(ctx, op, contractID, key, &ifMatch, body)
	if err != nil {
		return wire.OutcomeJSONResponse{}, err
	}
	return s.apply(ctx, ch, func(c *store.Contract) (*store.Contract, store.Effect, error) {
		effect, err := rule(ch.act, c)
		return c, effect, err
	})
}

// CreateContract starts a contract.
func (s *Server) CreateContract(ctx context.Context, r wire.CreateContractRequestObject) (wire.CreateContractResponseObject, error) {
	ch, err := s.prepare(ctx, "create", r.Body.ID, r.Params.IdempotencyKey, nil, r.Body)
	if err != nil {
		return nil, err
	}
	l, err := s.store.Lot(ctx, r.Body.LotID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	var parent *store.Contract
	if r.Body.ParentID != "" {
		p, err := s.store.Contract(ctx, r.Body.ParentID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil && visible(&p, ch.org.USCC) {
			parent = &p
		}
	}
	out, err := s.apply(ctx, ch, func(c *store.Contract) (*store.Contract, store.Effect, error) {
		if c != nil {
			return nil, store.Effect{}, store.ErrIDTaken
		}
		return ch.act.create(l, parent, s.cfg.Order, *r.Body)
	})
	return wire.CreateContract201JSONResponse{OutcomeJSONResponse: out}, err
}

// SaveFields saves the form.
func (s *Server) SaveFields(ctx context.Context, r wire.SaveFieldsRequestObject) (wire.SaveFieldsResponseObject, error) {
	out, err := s.move(ctx, "save", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.Body,
		func(a act, c *store.Contract) (store.Effect, error) { return a.save(c, *r.Body) })
	return wire.SaveFields200JSONResponse{OutcomeJSONResponse: out}, err
}

// SubmitContract sends a contract to the other side.
func (s *Server) SubmitContract(ctx context.Context, r wire.SubmitContractRequestObject) (wire.SubmitContractResponseObject, error) {
	out, err := s.move(ctx, "submit", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.Body,
		func(a act, c *store.Contract) (store.Effect, error) { return a.submit(c, r.Body.SHA256) })
	return wire.SubmitContract200JSONResponse{OutcomeJSONResponse: out}, err
}

// WithdrawContract takes a contract back.
func (s *Server) WithdrawContract(ctx context.Context, r wire.WithdrawContractRequestObject) (wire.WithdrawContractResponseObject, error) {
	out, err := s.move(ctx, "withdraw", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, nil, act.withdraw)
	return wire.WithdrawContract200JSONResponse{OutcomeJSONResponse: out}, err
}

// AgreeContract concludes a contract.
func (s *Server) AgreeContract(ctx context.Context, r wire.AgreeContractRequestObject) (wire.AgreeContractResponseObject, error) {
	out, err := s.move(ctx, "agree", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.Body,
		func(a act, c *store.Contract) (store.Effect, error) { return a.agree(c, r.Body.SHA256, r.Body.Opinion) })
	return wire.AgreeContract200JSONResponse{OutcomeJSONResponse: out}, err
}

// RefuseContract sends a contract back.
func (s *Server) RefuseContract(ctx context.Context, r wire.RefuseContractRequestObject) (wire.RefuseContractResponseObject, error) {
	out, err := s.move(ctx, "refuse", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.Body,
		func(a act, c *store.Contract) (store.Effect, error) { return a.refuse(c, r.Body.Opinion) })
	return wire.RefuseContract200JSONResponse{OutcomeJSONResponse: out}, err
}

// PublishContract makes a contract public.
func (s *Server) PublishContract(ctx context.Context, r wire.PublishContractRequestObject) (wire.PublishContractResponseObject, error) {
	out, err := s.move(ctx, "publish", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.Body,
		func(a act, c *store.Contract) (store.Effect, error) { return a.publish(c, *r.Body) })
	return wire.PublishContract200JSONResponse{OutcomeJSONResponse: out}, err
}

// FileContract records that a contract was filed.
func (s *Server) FileContract(ctx context.Context, r wire.FileContractRequestObject) (wire.FileContractResponseObject, error) {
	out, err := s.move(ctx, "file", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, r.Body,
		func(a act, c *store.Contract) (store.Effect, error) { return a.file(c, *r.Body) })
	return wire.FileContract200JSONResponse{OutcomeJSONResponse: out}, err
}

// DeleteContract gives a contract up.
func (s *Server) DeleteContract(ctx context.Context, r wire.DeleteContractRequestObject) (wire.DeleteContractResponseObject, error) {
	out, err := s.move(ctx, "delete", r.ContractID, r.Params.IdempotencyKey, r.Params.IfMatch, nil, act.remove)
	return wire.DeleteContract200JSONResponse{OutcomeJSONResponse: out}, err
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
	if !plainText(note) {
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
	if err := s.store.AnnounceBlob(ctx, digest, s.now()); err != nil {
		return nil, err
	}
	if err := s.blobs.Keep(ctx, staged); err != nil {
		return nil, err
	}
	ch.act.now = s.now() // the moment of receipt is when the last byte was there
	ch.req.Now = ch.act.now
	out, err := s.apply(ctx, ch, func(c *store.Contract) (*store.Contract, store.Effect, error) {
		effect, err := ch.act.attach(c, x)
		return c, effect, err
	})
	if upload := orZero(p.Upload); err == nil && upload != "" {
		_ = s.store.DropUpload(ctx, ch.org.USCC, upload) // otherwise it expires
	}
	return wire.PutAttachment200JSONResponse{OutcomeJSONResponse: out}, err
}

// onlyPDF says whether a file of this kind and stage has to be a PDF, which is judged.
func onlyPDF(kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) bool {
	return kind == platformapi.KindPublication || stage != platformapi.StageUploaded
}

// judge verifies a sealed file's seals, and that what must carry none does not.
func (s *Server) judge(ctx context.Context, c *store.Contract, org platformapi.Organisation, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage, staged *blobs.Staged) ([]platformapi.SealFact, error) {
	ctx, cancel := context.WithTimeout(ctx, judgeTime)
	defer cancel()
	select {
	case s.judges <- struct{}{}:
		defer func() { <-s.judges }()
	case <-ctx.Done():
		return nil, web.Refuse(http.StatusServiceUnavailable, platformapi.CodeUnavailable, "too many files are being judged")
	}
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
	if s == "" || len(s) > maxName || !utf8.ValidString(s) || !plainText(s) || strings.ContainsAny(s, "\n\t") {
		return "", web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the file's name is empty, too long or cannot be shown")
	}
	return s, nil
}
