package bid

import (
	"context"

	"sealdesk/signer/preview"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
)

// newLook shows the file of a part, as it would go into the bid.
func newLook(host page.Host, project *bids.Project, n bids.Node) *reader.Look {
	t := host.Words().T
	return reader.NewLook(host, reader.Sight{
		Nav: Nav, Title: n.Name, Back: t("bid.back"), Name: n.File.Name,
		Open: func(ctx context.Context) (*preview.Document, error) {
			return host.Session().ShowBid(ctx, project, n.Code)
		},
		Opened: func(l *reader.Look) string {
			return t("bid.look_note", "digest", l.Reader.Document().SHA256()[:8])
		},
	})
}
