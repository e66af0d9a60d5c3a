package bids

import (
	"time"

	"sealdesk/platformapi/calendar"
	"sealdesk/signer/bid"
	"sealdesk/signer/finding"
)

// Near is how long before the deadline it is warned of.
const Near = 24 * time.Hour

var findings = finding.Catalogue{Room: "bids", Known: map[string]finding.Known{
	"certify":          finding.Fatal.Saying("nobody has shown the bidder's certificates"),
	"stamp_missing":    finding.Fatal.Saying("the part {part} ({name}) must bear the bidder's seal"),
	"unconfirmed":      finding.Fatal.Saying("what was taken out of the part {part} ({name}) was not confirmed"),
	"deadline_passed":  finding.Fatal.Saying("the deadline {time} has passed"),
	"deadline_near":    finding.Note.Saying("the deadline is {time}"),
	"certificate_ends": finding.Doubt.Saying("the certificate {serial} ends at {until}, before the opening at {opens}"),
	"certificate_over": finding.Doubt.Saying("the certificate {serial} ended at {until}"),
	"no_platform":      finding.Note.Saying("the platform's certificate is not known: the bid has the inner layer only"),
}}

// Check tells what the bid lacks, in the outline's order: missing parts and seals, files that were not looked at, what is wrong
// with the price form; and then what to be warned of. What is Fatal keeps the bid from being built.
func (p *Project) Check() []finding.Finding {
	p.mu.Lock()
	s := p.state
	p.mu.Unlock()
	now := p.book.desk.Now()
	var found []finding.Finding
	add := func(code string, params ...any) { found = append(found, findings.Find(code, params...)) }
	if s.Identity == nil {
		add("certify")
	}
	b := &bid.Builder{Parts: s.sources(p.outline), Price: s.price(p.outline)}
	p.outline.Apply(b)
	found = append(found, p.outline.Check(b, Money)...)
	for _, part := range p.outline.Parts {
		switch n := nodeOf(part, s.Nodes[part.Code]); {
		case n.Stage == Added:
			add("unconfirmed", "part", part.Code, "name", part.Name)
		case n.Stage == Ready && part.Stamp:
			add("stamp_missing", "part", part.Code, "name", part.Name)
		}
	}
	return append(found, s.warnings(now)...)
}

// warnings are about time: the deadline, and the certificate that must open the bid.
func (s state) warnings(now time.Time) []finding.Finding {
	var found []finding.Finding
	add := func(code string, params ...any) { found = append(found, findings.Find(code, params...)) }
	said := func(t time.Time) string { return t.In(calendar.Zone).Format("2006-01-02 15:04") }
	switch d := s.Tender.Deadline; {
	case d.IsZero():
	case !now.Before(d):
		add("deadline_passed", "time", said(d))
	case d.Sub(now) < Near:
		add("deadline_near", "time", said(d))
	}
	if id := s.Identity; id != nil {
		until := id.EncryptionUntil
		switch {
		case now.After(until):
			add("certificate_over", "serial", id.EncryptionSerial, "until", said(until))
		case !s.Tender.Opens.IsZero() && until.Before(s.Tender.Opens):
			add("certificate_ends", "serial", id.EncryptionSerial, "until", said(until), "opens", said(s.Tender.Opens))
		}
	}
	if len(s.Tender.Certificates) == 0 {
		add("no_platform")
	}
	return found
}

// Blocks tells whether a bid with these findings cannot be built.
func Blocks(found []finding.Finding) bool {
	for _, f := range found {
		if f.Severity == finding.Fatal {
			return true
		}
	}
	return false
}
