package platform

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sealdesk/platformapi"
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
	found, next, link, err := paged(s, "/v1/contracts", filter, r.Params.Cursor, q.Limit, map[string]string{"state": string(q.State), "q": q.Words},
		func(after position, limit int) ([]store.Contract, error) {
			q.Before, q.BeforeID, q.Limit = after.created, after.id, limit
			return s.store.Contracts(ctx, q)
		}, func(c store.Contract) position { return position{created: c.CreatedAt, id: c.ID} })
	if err != nil {
		return nil, err
	}
	page := platformapi.ContractPage{Items: []platformapi.ContractSummary{}, NextCursor: next}
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

// sign signs a receipt, where the platform has a key for it.
func (s *Server) sign(r *platformapi.Receipt, uscc string) (err error) {
	if s.cfg.Receipts != nil {
		r.Signature, err = s.cfg.Receipts.Sign(receipt.State(s.cfg.Origins[0], uscc, *r))
	}
	return err
}

// changing is a change of a contract that was asked for.
type changing struct {
	org platformapi.Organisation
	act act
	req store.Request
}

// prepare is readAsked for a contract, or something else of the caller's that is kept like one.
func (s *Server) prepare(ctx context.Context, op, contractID, keyHeader string, ifMatch *string, body any) (changing, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return changing{}, err
	}
	q, err := readAsked(op, contractID, keyHeader, ifMatch, body)
	if err != nil {
		return changing{}, err
	}
	now := s.now()
	return changing{
		org: org,
		act: act{org: org, person: x.Person, now: now, version: q.version},
		req: store.Request{USCC: org.USCC, Person: x.Person, Key: q.key, Hash: q.hash, ContractID: contractID, Now: now},
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
