package mobileca

import (
	"context"
	"errors"
	"slices"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// PayApplication pays an application that was approved. The charge has the application's id: what was charged and could
// not be kept is not charged again. Once it is asked for, the application can be withdrawn no more unless it is refused: money
// that may have been taken comes to its bill by paying again.
func (s *Server) PayApplication(ctx context.Context, r wire.PayApplicationRequestObject) (wire.PayApplicationResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "PayApplication "+r.ApplicationID, r.Body)
	if err != nil {
		return nil, err
	}
	a, err := s.myApplication(ctx, r.ApplicationID)
	if err != nil {
		return nil, err
	}
	if done {
		return wire.PayApplication201JSONResponse{ID: once.ID, Amount: a.Price, State: wire.PaymentPaid}, nil
	}
	if a.State != wire.ApplicationToPay {
		return nil, inState(a.State, "the application is %s", a.State)
	}
	if s.cfg.Cashier == nil {
		return nil, unfit(codePaymentFailed, "no payments are taken here")
	}
	charge := Charge{ID: a.ID, What: kinds[a.Kind] + "（" + a.Subject.Name + "）", Amount: a.Price, Method: r.Body.Method}
	if charge.Method == wire.PayCard {
		card, err := s.store.Cards().One(ctx, r.Body.Card)
		if err == nil && (card.Account != x.Account || card.Gone) {
			err = store.ErrNotFound
		}
		if err != nil {
			return nil, found(err)
		}
		charge.Card = card.Provider
	}
	if err := s.charge(ctx, charge); err != nil {
		return nil, err
	}
	bill := store.Bill{ID: once.ID, Account: x.Account, Application: a.ID, What: charge.What, Amount: charge.Amount, Method: charge.Method, PaidAt: now}
	_, err = s.store.PayApplication(ctx, once, bill, func(a *store.Application) (store.Entries, error) {
		if a.State != wire.ApplicationToPay {
			return nil, inState(a.State, "the application is %s", a.State)
		}
		a.State, a.Paid, a.Charging = wire.ApplicationToDownload, true, false
		return store.Entries{{At: now, Act: actPaid, Account: x.Account, Device: x.Device, USCC: a.Subject.USCC, Note: string(charge.Method)}}, nil
	})
	if err != nil {
		return nil, err
	}
	s.hub.tell(ofApplication(a.ID))
	return wire.PayApplication201JSONResponse{ID: bill.ID, Amount: bill.Amount, State: wire.PaymentPaid}, nil
}

// charge has the cashier take the money for an application, which waits for it.
func (s *Server) charge(ctx context.Context, c Charge) error {
	charging := func(is bool) error {
		_, err := s.store.ChangeApplication(ctx, c.ID, func(a *store.Application) (store.Entries, error) {
			if a.State != wire.ApplicationToPay {
				return nil, inState(a.State, "the application is %s", a.State)
			}
			a.Charging = is
			return nil, nil
		})
		return err
	}
	if err := charging(true); err != nil {
		return err
	}
	err := s.cfg.Cashier.Pay(ctx, c)
	if _, refused := errors.AsType[*PaymentRefused](err); refused {
		return first(charging(false), refusedPayment(err))
	}
	return err
}

func refusedPayment(err error) error {
	if refused, ok := errors.AsType[*PaymentRefused](err); ok {
		return unfit(codePaymentFailed, "%s", refused.Reason)
	}
	return err
}

func card(c store.Card) wire.Card {
	return wire.Card{ID: c.ID, Bank: c.Bank, Number: "**** **** **** " + c.Last, AddedAt: c.AddedAt}
}

// ListCards are the account's bank cards.
func (s *Server) ListCards(ctx context.Context, _ wire.ListCardsRequestObject) (wire.ListCardsResponseObject, error) {
	all, err := s.store.Cards().Of(ctx, who(ctx).Account)
	list := wire.CardList{Items: []wire.Card{}}
	for _, c := range all {
		if !c.Gone {
			list.Items = append(list.Items, card(c))
		}
	}
	return wire.ListCards200JSONResponse(list), err
}

const cardsMost = 20

// AddCard has a card registered with the cashier, in the account's checked name.
func (s *Server) AddCard(ctx context.Context, r wire.AddCardRequestObject) (wire.AddCardResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "AddCard", r.Body)
	if err != nil {
		return nil, err
	}
	if done {
		c, err := s.store.Cards().One(ctx, once.ID)
		return wire.AddCard201JSONResponse(card(c)), err
	}
	a, err := s.store.Account(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Cards().Of(ctx, x.Account)
	all = slices.DeleteFunc(all, func(c store.Card) bool { return c.Gone })
	switch {
	case err != nil:
		return nil, err
	case a.Checked.IsZero():
		return nil, forbid(codeIdentityMissing, "the identity was not checked yet")
	case s.cfg.Cashier == nil:
		return nil, unfit(codePaymentFailed, "no payments are taken here")
	case len(all) >= cardsMost:
		return nil, conflict(codeLimitReached, "an account has at most %d cards", cardsMost)
	}
	name, err := s.cfg.Cashier.Register(ctx, a.Name, *r.Body)
	if err := refusedPayment(err); err != nil {
		return nil, err
	}
	c := store.Card{ID: once.ID, Account: x.Account, Bank: r.Body.Bank, Last: r.Body.Number[len(r.Body.Number)-4:], Provider: name, AddedAt: now}
	return wire.AddCard201JSONResponse(card(c)), taken(s.store.Cards().Create(ctx, c, once, nil))
}

// RemoveCard forgets a card.
func (s *Server) RemoveCard(ctx context.Context, r wire.RemoveCardRequestObject) (wire.RemoveCardResponseObject, error) {
	_, err := s.store.Cards().Change(ctx, r.CardID, func(c *store.Card) (store.Entries, error) {
		if c.Account != who(ctx).Account {
			return nil, errNotFound()
		}
		c.Gone, c.Last, c.Provider = true, "", ""
		return nil, nil
	})
	return wire.RemoveCard204Response{}, found(err)
}

// ListBills are what was paid.
func (s *Server) ListBills(ctx context.Context, _ wire.ListBillsRequestObject) (wire.ListBillsResponseObject, error) {
	all, err := s.store.Bills().Of(ctx, who(ctx).Account)
	list := wire.BillList{Items: []wire.Bill{}}
	for _, b := range all {
		list.Items = append(list.Items, wire.Bill{ID: b.ID, Application: b.Application, What: b.What, Amount: b.Amount, Method: b.Method, PaidAt: b.PaidAt, Invoice: b.Invoice})
	}
	return wire.ListBills200JSONResponse(list), err
}

func invoice(v store.Invoice) wire.Invoice {
	return wire.Invoice{ID: v.ID, Title: v.Title, TaxNumber: v.TaxNumber, Email: v.Email, Amount: v.Amount, State: v.State, Bills: v.Bills, CreatedAt: v.CreatedAt}
}

// ListInvoices are the invoices that were asked for.
func (s *Server) ListInvoices(ctx context.Context, _ wire.ListInvoicesRequestObject) (wire.ListInvoicesResponseObject, error) {
	all, err := s.store.Invoices().Of(ctx, who(ctx).Account)
	list := wire.InvoiceList{Items: []wire.Invoice{}}
	for _, v := range all {
		list.Items = append(list.Items, invoice(v))
	}
	return wire.ListInvoices200JSONResponse(list), err
}

// CreateInvoice asks for an invoice over bills that are on none.
func (s *Server) CreateInvoice(ctx context.Context, r wire.CreateInvoiceRequestObject) (wire.CreateInvoiceResponseObject, error) {
	x, now := who(ctx), s.now()
	once, done, err := s.once(ctx, "CreateInvoice", r.Body)
	if err != nil {
		return nil, err
	}
	if !done {
		v := store.Invoice{ID: once.ID, Account: x.Account, Title: r.Body.Title, TaxNumber: r.Body.TaxNumber, Email: r.Body.Email, State: wire.InvoiceRequested, Bills: r.Body.Bills, CreatedAt: now}
		err := s.store.CreateInvoice(ctx, v, once, func(over []*store.Bill) (store.Entries, error) {
			for _, b := range over {
				if b.Account != x.Account {
					return nil, errNotFound()
				}
				if b.Invoice != "" {
					return nil, conflict(codeWrongState, "a bill is on another invoice already")
				}
			}
			return nil, nil
		})
		if err := taken(found(err)); err != nil {
			return nil, err
		}
	}
	v, err := s.store.Invoices().One(ctx, once.ID)
	return wire.CreateInvoice201JSONResponse(invoice(v)), err
}

// taken is the answer to two requests with one idempotency key at the same moment.
func taken(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return conflict(platformapi.CodeRenewing, "the same was asked at the same moment")
	}
	return err
}
