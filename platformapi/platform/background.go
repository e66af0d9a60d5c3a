package platform

import (
	"context"
	"fmt"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/jobs"
)

// HeadSigner signs the head of the audit trail. The platform declares what it needs and is handed the key.
type HeadSigner interface {
	// SignHead makes a detached CMS signature, DER, over a statement, with a time stamp if it can have one.
	SignHead(ctx context.Context, statement []byte) ([]byte, error)
}

// jobs is what is done in the background.
func (s *Server) jobs() []jobs.Job {
	all := []jobs.Job{
		{Name: "expire", Every: 10 * time.Minute, Do: func(ctx context.Context) error { return s.store.Expire(ctx, s.now()) }},
		{Name: "sweep", Every: time.Hour, Do: s.sweep},
		{Name: "deadlines", Every: 24 * time.Hour, Do: s.warn},
	}
	if s.cfg.Signer != nil {
		all = append(all, jobs.Job{Name: "sign-head", Every: time.Hour, Do: s.signHead})
	}
	for i, j := range all {
		all[i].Do = func(ctx context.Context) error {
			start := time.Now()
			err := j.Do(ctx)
			s.meters.job(j.Name, err, time.Since(start))
			return err
		}
	}
	return all
}

// sweep removes files that no contract names: of uploads that were refused, or whose server died.
func (s *Server) sweep(ctx context.Context) error {
	n, err := s.store.SweepBlobs(ctx, s.now().Add(-orphanAge), s.blobs.Remove)
	if n > 0 {
		s.cfg.Log.Info("files that no contract names were removed", "files", n)
	}
	return err
}

// signHead signs the trail's head, once a day of Asia/Shanghai and only when something was added to it.
func (s *Server) signHead(ctx context.Context) error {
	signed, err := s.store.SignedHeads(ctx)
	if err != nil {
		return err
	}
	head, err := s.store.AuditHead(ctx)
	if err != nil {
		return err
	}
	if head.Seq == 0 {
		return nil
	}
	h := audit.SignedHead{Head: head, At: s.now()}
	if n := len(signed); n > 0 {
		last := signed[n-1]
		if last.Seq == head.Seq || last.At.In(calendar.Zone).Format(time.DateOnly) == h.At.In(calendar.Zone).Format(time.DateOnly) {
			return nil
		}
	}
	if h.Signature, err = s.cfg.Signer.SignHead(ctx, h.Statement(s.cfg.ID)); err != nil {
		return fmt.Errorf("audit head %d: %w", head.Seq, err)
	}
	return s.store.KeepSignedHead(ctx, h)
}

const (
	warnPage    = 500
	maxWarnings = 1000 // that are told one by one
)

// warn tells the log of every deadline that is near or over, and the meters how many there are.
func (s *Server) warn(ctx context.Context) error {
	v := viewer{rules: s.cfg.Rules, now: s.now()}
	found := map[[2]string]int{}
	told := 0
	tell := func(lot, contract string, all ...platformapi.Deadline) {
		for _, d := range all {
			if d.State != platformapi.DeadlineSoon && d.State != platformapi.DeadlineOver {
				continue
			}
			found[[2]string{string(d.Kind), string(d.State)}]++
			if told++; told <= maxWarnings {
				s.cfg.Log.Warn("a deadline", "kind", string(d.Kind), "state", string(d.State), "due", d.Due, "lot", lot, "contract", contract)
			}
		}
	}
	for after := ""; ; {
		lots, err := s.store.Unsigned(ctx, after, warnPage)
		if err != nil {
			return err
		}
		for _, l := range lots {
			if d := v.signBy(l, time.Time{}); d != nil && blockOf(l, v.now) == "" {
				tell(l.ID, "", *d)
			}
			after = l.ID
		}
		if len(lots) < warnPage {
			break
		}
	}
	for after := ""; ; {
		contracts, err := s.store.Unfinished(ctx, after, warnPage)
		if err != nil {
			return err
		}
		for _, c := range contracts {
			tell(c.Lot.ID, c.ID, v.deadlines(&c)...)
			after = c.ID
		}
		if len(contracts) < warnPage {
			break
		}
	}
	if told > maxWarnings {
		s.cfg.Log.Warn("more deadlines are near or over than are told one by one", "deadlines", told)
	}
	s.meters.deadlines(found)
	return nil
}
