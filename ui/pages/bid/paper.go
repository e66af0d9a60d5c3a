package bid

import (
	"cmp"
	"context"

	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/stamp"
)

// paper is the file of a part on the page 加盖印章 (标书签章).
type paper struct {
	*desk.BidPaper
	project *bids.Project
	code    string
	terms   stamp.Terms
}

func (p *tool) paper(n bids.Node) stamp.Subject {
	t := stamp.Terms{Fields: usualFields, Words: usualWords, Seal: p.usualSeal(), Back: p.t("bid.back")}
	if p.fixed() {
		t.Why = p.t("bid.why_late")
	}
	return paper{p.host.Session().BidPaper(p.project, n.Code), p.project, n.Code, t}
}

// usualSeal is the ID of the seal that is offered first for bids.
func (p *tool) usualSeal() string {
	return cmp.Or(p.host.Session().SealCase().Preferred(desk.SealsForBids), string(seal.Company))
}

// Nav implements stamp.Subject.
func (paper) Nav() string { return Nav }

// Words in the names of fields that are prepared for a bidder, and those beside which forms of bids have its seal.
var (
	usualFields = []string{"投标人", "供应商", "响应人"}
	usualWords  = []string{"投标人（盖章）", "投标人（公章）", "投标人（单位盖章）", "投标人（盖单位章）", "投标人（电子签章）", "投标人名称（盖章）", "投标人名称（公章）",
		"供应商（盖章）", "供应商（公章）", "供应商名称（盖章）", "供应商名称（公章）", "投标单位（盖章）", "单位名称（盖章）"}
)

// Terms implements stamp.Subject.
func (s paper) Terms(context.Context) stamp.Terms { return s.terms }

// CopyAhead implements stamp.Subject: a bid's files are sealed from where they lie.
func (paper) CopyAhead(context.Context) {}

// Sealed implements stamp.Subject.
func (s paper) Sealed(context.Context) stamp.Sealed {
	now, _ := s.project.View().Node(s.code)
	return stamp.Sealed{Name: now.File.Name, Look: func(h page.Host) page.Page { return newLook(h, s.project, now) }}
}
