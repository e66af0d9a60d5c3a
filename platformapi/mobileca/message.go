package mobileca

import (
	"context"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// inform keeps a message for a person. What it tells of has happened already, and shows elsewhere too: that a message could
// not be kept is no reason to take it back.
func (s *Server) inform(ctx context.Context, m store.Message) {
	m.ID, m.At = platformapi.NewID(), s.now()
	if err := s.store.CreateMessage(context.WithoutCancel(ctx), m); err != nil {
		s.cfg.Log.ErrorContext(ctx, "a message could not be kept", "account", m.Account, "title", m.Title, "error", err)
	}
}

const messagesAPage = 50

// ListMessages are what the person was told.
func (s *Server) ListMessages(ctx context.Context, r wire.ListMessagesRequestObject) (wire.ListMessagesResponseObject, error) {
	a, err := s.store.Account(ctx, who(ctx).Account)
	if err != nil {
		return nil, err
	}
	limit := r.Params.Limit
	if limit == 0 {
		limit = messagesAPage
	}
	some, err := s.store.Messages(ctx, a.ID, r.Params.Cursor, limit)
	if err != nil {
		return nil, err
	}
	list := wire.MessageList{Items: []wire.PersonMessage{}}
	for _, m := range some {
		list.Items = append(list.Items, wire.PersonMessage{ID: m.ID, At: m.At, Title: m.Title, Text: m.Text, Read: m.ID <= a.ReadUpTo, Application: m.Application, Certificate: m.Certificate})
	}
	if len(some) == limit {
		list.NextCursor = some[limit-1].ID
	}
	return wire.ListMessages200JSONResponse(list), nil
}

// ReadMessages remembers up to which all were read.
func (s *Server) ReadMessages(ctx context.Context, r wire.ReadMessagesRequestObject) (wire.ReadMessagesResponseObject, error) {
	_, err := s.store.ChangeAccount(ctx, who(ctx).Account, func(a *store.Account) (store.Entries, error) {
		a.ReadUpTo = max(a.ReadUpTo, r.Body.UpTo)
		return nil, nil
	})
	return wire.ReadMessages204Response{}, err
}
