package tasks

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/bid"
	"sealdesk/ui/desk/bids"
)

// now is a Thursday noon in China.
var now = time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC)

func at(day string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", day, time.FixedZone("CST", 8*60*60))
	if err != nil {
		panic(err)
	}
	return t
}

// term is a legal term as the platform told it.
func term(kind platformapi.DeadlineKind, unit platformapi.DayUnit, due string, left int, state platformapi.DeadlineState) platformapi.Deadline {
	return platformapi.Deadline{Kind: kind, Unit: unit, Due: platformapi.Date(due), DueAt: at(due+" 00:00").AddDate(0, 0, 1), LeftDays: left, State: state, Basis: "某法第一条"}
}

func sign(due string, left int, state platformapi.DeadlineState) platformapi.Deadline {
	return term(platformapi.DeadlineSign, platformapi.UnitDay, due, left, state)
}

var (
	purchaser, supplier = platformapi.RolePurchaser, platformapi.RoleSupplier
	parties             = [2]platformapi.Organisation{{Name: "采购人"}, {Name: "供应商"}}
)

// contract is one of the list.
func contract(id string, mine, starter platformapi.Role, state platformapi.ContractState, change ...func(*platformapi.ContractSummary)) platformapi.ContractSummary {
	c := platformapi.ContractSummary{ID: platformapi.UUID(id), ProjectName: id, LotID: "lot-" + id, MyRole: mine, Starter: starter, State: state, Purchaser: parties[0], Supplier: parties[1]}
	for _, f := range change {
		f(&c)
	}
	return c
}

func myTurn(c *platformapi.ContractSummary) { c.MyTurn = true }

func reviewFirst(c *platformapi.ContractSummary) { c.Order = platformapi.OrderReviewFirst }

func due(d ...platformapi.Deadline) func(*platformapi.ContractSummary) {
	return func(c *platformapi.ContractSummary) { c.Deadlines = d }
}

func moves(m ...platformapi.Move) func(*platformapi.ContractSummary) {
	return func(c *platformapi.ContractSummary) { c.Moves = m }
}

func change(contract string, op outbox.Op, state outbox.State) outbox.Entry {
	return outbox.Entry{ContractID: contract, Op: op, State: state, Title: string(op) + " · " + contract}
}

// said is a board in short: kind/title for what waits, where/title for what was sent.
func said(b Board) (waiting, sent []string) {
	for _, t := range b.Waiting {
		waiting = append(waiting, string(t.Kind)+"/"+t.Title)
	}
	for _, s := range b.Sent {
		where := "bid"
		switch {
		case s.Contract != nil:
			where = string(s.Contract.State)
		case s.Change != nil:
			where = "outbox"
		}
		sent = append(sent, where+"/"+s.Title)
	}
	return waiting, sent
}

func TestWhoseAContractIs(t *testing.T) {
	const id = "c"
	signed := []platformapi.Deadline{term(platformapi.DeadlinePublish, platformapi.UnitWorkingDay, "2026-11-30", 2, platformapi.DeadlineOK),
		term(platformapi.DeadlineFile, platformapi.UnitWorkingDay, "2026-12-07", 7, platformapi.DeadlineOK)}
	after := moves(platformapi.MovePublish, platformapi.MoveFile, platformapi.MoveAmend)
	for name, tt := range map[string]struct {
		contract platformapi.ContractSummary
		outbox   []outbox.Entry
		waiting  []string
		sent     []string
	}{
		"a draft of one's own":           {contract: contract(id, purchaser, purchaser, platformapi.StateDraft, myTurn), waiting: []string{"write/c"}},
		"sealed and not sent":            {contract: contract(id, supplier, supplier, platformapi.StateSealed, myTurn), waiting: []string{"submit/c"}},
		"sent back":                      {contract: contract(id, purchaser, purchaser, platformapi.StateReturned, myTurn), waiting: []string{"mend/c"}},
		"the other side's, to seal":      {contract: contract(id, supplier, purchaser, platformapi.StateAwaiting, myTurn), waiting: []string{"seal/c"}},
		"the other side's, to review":    {contract: contract(id, supplier, purchaser, platformapi.StateAwaiting, myTurn, reviewFirst), waiting: []string{"review/c"}},
		"both agreed":                    {contract: contract(id, purchaser, purchaser, platformapi.StateAgreed, myTurn, reviewFirst), waiting: []string{"seal/c"}},
		"the other side sealed":          {contract: contract(id, supplier, purchaser, platformapi.StateHalfSealed, myTurn, reviewFirst), waiting: []string{"seal/c"}},
		"sealed by both, to agree":       {contract: contract(id, supplier, purchaser, platformapi.StateCountersigned, myTurn), waiting: []string{"agree/c"}},
		"a state of a newer platform":    {contract: contract(id, supplier, purchaser, "notarised", myTurn), waiting: []string{"handle/c"}},
		"submitted":                      {contract: contract(id, purchaser, purchaser, platformapi.StateAwaiting), sent: []string{"awaiting/c"}},
		"we sealed, they have not":       {contract: contract(id, purchaser, purchaser, platformapi.StateHalfSealed, reviewFirst), sent: []string{"half_sealed/c"}},
		"we refused":                     {contract: contract(id, supplier, purchaser, platformapi.StateReturned), sent: []string{"returned/c"}},
		"an observer's":                  {contract: contract(id, platformapi.RoleObserver, purchaser, platformapi.StateAwaiting, myTurn)},
		"void":                           {contract: contract(id, purchaser, purchaser, platformapi.StateVoid)},
		"signed, the purchaser's":        {contract: contract(id, purchaser, purchaser, platformapi.StateConcluded, due(signed...), after), waiting: []string{"publish/c", "file/c"}},
		"signed, the supplier's":         {contract: contract(id, supplier, purchaser, platformapi.StateConcluded, due(signed...))},
		"published and filed":            {contract: contract(id, purchaser, purchaser, platformapi.StateConcluded, due(signed...), moves(platformapi.MoveAmend))},
		"its publication is on its way":  {contract: contract(id, purchaser, purchaser, platformapi.StateConcluded, after), outbox: []outbox.Entry{change(id, outbox.OpPublish, outbox.Waiting)}, waiting: []string{"file/c"}, sent: []string{"outbox/publish · c"}},
		"its submission is on its way":   {contract: contract(id, purchaser, purchaser, platformapi.StateSealed, myTurn), outbox: []outbox.Entry{change(id, outbox.OpAttach, outbox.Sending), change(id, outbox.OpSubmit, outbox.Waiting)}, sent: []string{"outbox/submit · c"}},
		"only a form is on its way":      {contract: contract(id, purchaser, purchaser, platformapi.StateDraft, myTurn), outbox: []outbox.Entry{change(id, outbox.OpSave, outbox.Waiting)}, waiting: []string{"write/c"}, sent: []string{"outbox/save · c"}},
		"our seal is on its way":         {contract: contract(id, supplier, purchaser, platformapi.StateAgreed, myTurn, reviewFirst), outbox: []outbox.Entry{change(id, outbox.OpAttach, outbox.Waiting)}, sent: []string{"outbox/attach · c"}},
		"its submission was refused":     {contract: contract(id, purchaser, purchaser, platformapi.StateSealed, myTurn), outbox: []outbox.Entry{change(id, outbox.OpSubmit, outbox.Failed)}, waiting: []string{"refused/submit · c"}},
		"all of it has its receipt":      {contract: contract(id, purchaser, purchaser, platformapi.StateAwaiting), outbox: []outbox.Entry{change(id, outbox.OpSubmit, outbox.Done)}, sent: []string{"awaiting/c"}},
		"its withdrawal is on its way":   {contract: contract(id, purchaser, purchaser, platformapi.StateAwaiting), outbox: []outbox.Entry{change(id, outbox.OpWithdraw, outbox.Waiting)}, sent: []string{"outbox/withdraw · c"}},
		"its withdrawal was not allowed": {contract: contract(id, purchaser, purchaser, platformapi.StateAwaiting), outbox: []outbox.Entry{change(id, outbox.OpWithdraw, outbox.Failed)}, waiting: []string{"refused/withdraw · c"}, sent: []string{"awaiting/c"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := Known{Contracts: []platformapi.ContractSummary{tt.contract}, Outbox: tt.outbox, AsOf: now}.Board(now)
			waiting, sent := said(b)
			if !reflect.DeepEqual(waiting, tt.waiting) || !reflect.DeepEqual(sent, tt.sent) {
				t.Errorf("waiting %q, sent %q; want %q, %q", waiting, sent, tt.waiting, tt.sent)
			}
			for _, x := range b.Waiting {
				if x.Contract != id {
					t.Errorf("%s leads to %q", x.Kind, x.Contract)
				}
			}
		})
	}
}

// The other party is named, and a later document by its own name.
func TestWhoAndWhatIsNamed(t *testing.T) {
	c := contract("c", supplier, purchaser, platformapi.StateAwaiting, myTurn)
	c.Kind, c.LotNumber, c.Fields.Name = platformapi.ContractSupplement, "标段一", "补充合同（一）"
	got := Known{Contracts: []platformapi.ContractSummary{c}}.Board(now).Waiting[0]
	if got.Other != "采购人" || got.Note != "补充合同（一）" {
		t.Errorf("%+v", got)
	}
}

func TestLotsAndDrafts(t *testing.T) {
	lot := func(role platformapi.Role, by platformapi.Deadline, change ...func(*platformapi.Lot)) platformapi.Lot {
		l := platformapi.Lot{ID: "l", ProjectName: "l", MyRole: role, SignBy: &by, Purchaser: parties[0], Supplier: parties[1]}
		for _, f := range change {
			f(&l)
		}
		return l
	}
	calm, pressing := sign("2026-12-20", 24, platformapi.DeadlineOK), sign("2026-11-30", 4, platformapi.DeadlineSoon)
	draft := func(change ...func(*Draft)) Draft {
		d := Draft{Contract: "d", Lot: platformapi.Lot{ID: "l", ProjectName: "l", MyRole: purchaser}, Deadlines: []platformapi.Deadline{calm}}
		for _, f := range change {
			f(&d)
		}
		return d
	}
	for name, tt := range map[string]struct {
		known   Known
		waiting []string
	}{
		"a lot of the purchaser's":             {Known{Lots: []platformapi.Lot{lot(purchaser, calm)}}, []string{"begin/l"}},
		"the supplier waits for it":            {Known{Lots: []platformapi.Lot{lot(supplier, calm)}}, nil},
		"until it is nearly late":              {Known{Lots: []platformapi.Lot{lot(supplier, pressing)}}, []string{"begin/l"}},
		"an agency only reads":                 {Known{Lots: []platformapi.Lot{lot(platformapi.RoleObserver, pressing)}}, nil},
		"its contract is there":                {Known{Lots: []platformapi.Lot{lot(purchaser, calm, func(l *platformapi.Lot) { l.Block, l.ContractID = platformapi.BlockLiveContract, "c" })}}, nil},
		"the award was not sent":               {Known{Lots: []platformapi.Lot{lot(purchaser, calm, func(l *platformapi.Lot) { l.Block = platformapi.BlockAwardNotSent })}}, nil},
		"it is secret":                         {Known{Lots: []platformapi.Lot{lot(purchaser, calm, func(l *platformapi.Lot) { l.Secret = true })}}, nil},
		"a draft was begun for it here":        {Known{Lots: []platformapi.Lot{lot(purchaser, calm)}, Drafts: []Draft{draft()}}, []string{"write/l"}},
		"and is sealed":                        {Known{Drafts: []Draft{draft(func(d *Draft) { d.Sealed = true })}}, []string{"submit/l"}},
		"and is on its way":                    {Known{Drafts: []Draft{draft()}, Outbox: []outbox.Entry{change("d", outbox.OpCreate, outbox.Waiting), change("d", outbox.OpSubmit, outbox.Waiting)}}, nil},
		"a supplement is no contract of a lot": {Known{Lots: []platformapi.Lot{lot(purchaser, calm)}, Drafts: []Draft{draft(func(d *Draft) { d.Kind, d.Name = platformapi.ContractSupplement, "s" })}}, []string{"begin/l", "write/l"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.known.AsOf = now
			if waiting, _ := said(tt.known.Board(now)); !reflect.DeepEqual(waiting, tt.waiting) {
				t.Errorf("%q, want %q", waiting, tt.waiting)
			}
		})
	}
}

// Terms go on running while nobody asks the platform: working days by the calendar, over the New Year's holidays of 2026.
func TestTermsRunOn(t *testing.T) {
	publish := term(platformapi.DeadlinePublish, platformapi.UnitWorkingDay, "2026-01-07", 5, platformapi.DeadlineOK)
	signed := sign("2026-01-10", 20, platformapi.DeadlineOK)
	for name, tt := range map[string]struct {
		told    platformapi.Deadline
		asOf    string
		now     string
		left    int
		state   platformapi.DeadlineState
		urgency Urgency
	}{
		"as it was told":                       {publish, "2025-12-31 09:00", "2025-12-31 20:00", 5, platformapi.DeadlineOK, Calm},
		"the first of the holidays":            {publish, "2025-12-31 09:00", "2026-01-01 12:00", 4, platformapi.DeadlineOK, Calm},
		"holidays are no working days":         {publish, "2025-12-31 09:00", "2026-01-03 12:00", 4, platformapi.DeadlineOK, Calm},
		"a Sunday that is worked":              {publish, "2025-12-31 09:00", "2026-01-04 12:00", 3, platformapi.DeadlineOK, Calm},
		"a working day left":                   {publish, "2025-12-31 09:00", "2026-01-06 12:00", 1, platformapi.DeadlineSoon, Soon},
		"the last day":                         {publish, "2025-12-31 09:00", "2026-01-07 23:59", 0, platformapi.DeadlineSoon, Soon},
		"the first moment that is too late":    {publish, "2025-12-31 09:00", "2026-01-08 00:00", -1, platformapi.DeadlineOver, Over},
		"over, told before on the same day":    {sign("2026-01-10", 0, platformapi.DeadlineSoon), "2026-01-10 08:00", "2026-01-11 00:00", -1, platformapi.DeadlineOver, Over},
		"days are counted over weekends":       {signed, "2025-12-21 09:00", "2026-01-01 12:00", 9, platformapi.DeadlineOK, Calm},
		"a week before the end it is told":     {signed, "2025-12-21 09:00", "2026-01-03 12:00", 7, platformapi.DeadlineSoon, Soon},
		"what the platform warns of is warned": {sign("2026-01-10", 9, platformapi.DeadlineSoon), "2026-01-01 09:00", "2026-01-01 10:00", 9, platformapi.DeadlineSoon, Soon},
	} {
		t.Run(name, func(t *testing.T) {
			c := contract("c", purchaser, purchaser, platformapi.StateDraft, myTurn, due(tt.told))
			if tt.told.Kind == platformapi.DeadlinePublish {
				c = contract("c", purchaser, purchaser, platformapi.StateConcluded, due(tt.told), moves(platformapi.MovePublish))
			}
			got := Known{Contracts: []platformapi.ContractSummary{c}, AsOf: at(tt.asOf)}.Board(at(tt.now)).Waiting
			if len(got) != 1 || got[0].Term == nil || got[0].Term.LeftDays != tt.left || got[0].Term.State != tt.state || got[0].Urgency != tt.urgency {
				t.Errorf("%+v, %+v", got, got[0].Term)
			}
		})
	}
}

// tender is one of the list.
func tender(name string, role platformapi.TenderRole, state platformapi.TenderState, deadline time.Time, change ...func(*platformapi.Tender)) platformapi.Tender {
	x := platformapi.Tender{ID: platformapi.UUID(name), Name: name, MyRole: role, State: state, Deadline: deadline, Purchaser: parties[0]}
	for _, f := range change {
		f(&x)
	}
	return x
}

func handedIn(t *platformapi.Tender) { t.MyBidID = "b" }

func TestOpenings(t *testing.T) {
	in := func(d time.Duration) time.Time { return now.Add(d) }
	window := func(t *platformapi.Tender) { t.Opening = &platformapi.Opening{WindowUntil: in(20 * time.Minute)} }
	paused := func(t *platformapi.Tender) { window(t); t.Opening.PausedAt = now }
	for name, tt := range map[string]struct {
		tender  platformapi.Tender
		waiting bool
		sent    bool
		urgency Urgency
		due     time.Time
	}{
		"who has no bid attends nothing":       {tender: tender("t", platformapi.TenderBidder, platformapi.TenderDecrypting, in(-time.Minute), window)},
		"long before":                          {tender: tender("t", platformapi.TenderBidder, platformapi.TenderOpen, in(100*time.Hour), handedIn), sent: true},
		"long before, the host's":              {tender: tender("t", platformapi.TenderHost, platformapi.TenderOpen, in(100*time.Hour))},
		"in some days":                         {tender: tender("t", platformapi.TenderBidder, platformapi.TenderOpen, in(60*time.Hour), handedIn), waiting: true, urgency: Calm, due: in(60 * time.Hour)},
		"today":                                {tender: tender("t", platformapi.TenderHost, platformapi.TenderOpen, in(2*time.Hour)), waiting: true, urgency: Soon, due: in(2 * time.Hour)},
		"its time has come":                    {tender: tender("t", platformapi.TenderSupervisor, platformapi.TenderOpen, now), waiting: true, urgency: Now, due: now},
		"a bidder decrypts":                    {tender: tender("t", platformapi.TenderBidder, platformapi.TenderDecrypting, in(-time.Hour), handedIn, window), waiting: true, urgency: Now, due: in(20 * time.Minute)},
		"the clock stands":                     {tender: tender("t", platformapi.TenderBidder, platformapi.TenderDecrypting, in(-time.Hour), handedIn, paused), waiting: true, urgency: Now},
		"a window that nobody told":            {tender: tender("t", platformapi.TenderHall, platformapi.TenderDecrypting, in(-time.Hour)), waiting: true, urgency: Now},
		"signing":                              {tender: tender("t", platformapi.TenderHost, platformapi.TenderSigning, in(-3*time.Hour)), waiting: true, urgency: Now},
		"ended":                                {tender: tender("t", platformapi.TenderHost, platformapi.TenderEnded, in(-3*time.Hour))},
		"failed":                               {tender: tender("t", platformapi.TenderBidder, platformapi.TenderFailed, in(-3*time.Hour), handedIn)},
		"never begun, the host's":              {tender: tender("t", platformapi.TenderHost, platformapi.TenderClosed, in(-300*time.Hour)), waiting: true, urgency: Over, due: in(-300 * time.Hour)},
		"never begun, the bidder's":            {tender: tender("t", platformapi.TenderBidder, platformapi.TenderClosed, in(-30*time.Hour), handedIn)},
		"a part in it that is not known":       {tender: tender("t", "notary", platformapi.TenderDecrypting, in(-time.Minute))},
		"a deadline that is none, of somebody": {tender: tender("t", platformapi.TenderSupervisor, platformapi.TenderOpen, time.Time{})},
	} {
		t.Run(name, func(t *testing.T) {
			b := Known{Tenders: []platformapi.Tender{tt.tender}}.Board(now)
			if (len(b.Waiting) == 1) != tt.waiting || (len(b.Sent) == 1) != tt.sent {
				t.Fatalf("%+v", b)
			}
			if tt.waiting && (b.Waiting[0].Urgency != tt.urgency || !b.Waiting[0].Due.Equal(tt.due) || b.Waiting[0].Tender.ID != "t") {
				t.Errorf("%+v", b.Waiting[0])
			}
		})
	}
}

func TestBids(t *testing.T) {
	in := func(d time.Duration) time.Time { return now.Add(d) }
	project := func(tender string, deadline time.Time, change ...func(*bids.View)) bids.View {
		v := bids.View{ID: "p", Tender: bids.Tender{ID: tender, Deadline: deadline, Opens: deadline}, Outline: &bid.Outline{Name: "t"}}
		for _, f := range change {
			f(&v)
		}
		return v
	}
	built := func(v *bids.View) { v.Built = &bids.Built{SHA256: "x"} }
	received := func(v *bids.View) {
		built(v)
		v.Sent = []bids.Sent{{SHA256: "x", State: platformapi.BidReceived, Receipts: []platformapi.BidReceipt{{At: in(-time.Hour)}}}}
	}
	edited := func(v *bids.View) { received(v); v.Stale = true }
	listed := func(deadline time.Time) []platformapi.Tender {
		return []platformapi.Tender{tender("t", platformapi.TenderBidder, platformapi.TenderOpen, deadline)}
	}
	for name, tt := range map[string]struct {
		known         Known
		waiting, sent []string
		urgency       Urgency
	}{
		"in the making":                   {known: Known{Bids: []bids.View{project("t", in(48*time.Hour))}}, waiting: []string{"bid/t"}, urgency: Calm},
		"built and not sent":              {known: Known{Bids: []bids.View{project("t", in(48*time.Hour), built)}}, waiting: []string{"bid/t"}, urgency: Calm},
		"due today":                       {known: Known{Bids: []bids.View{project("t", in(3*time.Hour))}}, waiting: []string{"bid/t"}, urgency: Soon},
		"put off meanwhile":               {known: Known{Bids: []bids.View{project("t", in(-3*time.Hour))}, Tenders: listed(in(100 * time.Hour))}, waiting: []string{"bid/t"}, urgency: Calm},
		"too late":                        {known: Known{Bids: []bids.View{project("t", now)}}},
		"of an outline in a file":         {known: Known{Bids: []bids.View{project("", time.Time{})}}, waiting: []string{"bid/t"}, urgency: Free},
		"of a file, and built":            {known: Known{Bids: []bids.View{project("", time.Time{}, built)}}},
		"handed in":                       {known: Known{Bids: []bids.View{project("t", in(100*time.Hour), received)}, Tenders: listed(in(100 * time.Hour))}, sent: []string{"bid/t"}},
		"handed in, the opening near":     {known: Known{Bids: []bids.View{project("t", in(48*time.Hour), received)}, Tenders: listed(in(48 * time.Hour))}, waiting: []string{"opening/t"}, urgency: Calm},
		"handed in, the platform is away": {known: Known{Bids: []bids.View{project("t", in(48*time.Hour), received)}}, sent: []string{"bid/t"}},
		"handed in and changed since":     {known: Known{Bids: []bids.View{project("t", in(100*time.Hour), edited)}}, waiting: []string{"bid/t"}, urgency: Calm},
		"opened long ago":                 {known: Known{Bids: []bids.View{project("t", in(-100*time.Hour), received)}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := tt.known.Board(now)
			waiting, sent := said(b)
			if !reflect.DeepEqual(waiting, tt.waiting) || !reflect.DeepEqual(sent, tt.sent) || len(waiting) == 1 && b.Waiting[0].Urgency != tt.urgency {
				t.Errorf("%q, %q: %+v", waiting, sent, b)
			}
		})
	}
}

// What goes on now comes first, and then all by the deadline, whether it is called near or not, as days are counted differently; what
// has none comes last.
func TestTheOrder(t *testing.T) {
	k := Known{AsOf: now,
		Contracts: []platformapi.ContractSummary{
			contract("none", purchaser, purchaser, platformapi.StateDraft, myTurn),
			contract("calm", purchaser, purchaser, platformapi.StateDraft, myTurn, due(sign("2026-12-20", 24, platformapi.DeadlineOK))),
			contract("working", purchaser, purchaser, platformapi.StateConcluded, moves(platformapi.MovePublish),
				due(term(platformapi.DeadlinePublish, platformapi.UnitWorkingDay, "2026-11-30", 2, platformapi.DeadlineOK))),
			contract("soon-2", purchaser, purchaser, platformapi.StateDraft, myTurn, due(sign("2026-12-01", 5, platformapi.DeadlineSoon))),
			contract("soon-1", purchaser, purchaser, platformapi.StateDraft, myTurn, due(sign("2026-11-29", 3, platformapi.DeadlineSoon))),
			contract("over", purchaser, purchaser, platformapi.StateDraft, myTurn, due(sign("2026-11-20", -6, platformapi.DeadlineOver))),
			contract("done", purchaser, purchaser, platformapi.StateDraft, myTurn, due(sign("2026-11-20", -6, platformapi.DeadlineDone))),
		},
		Tenders: []platformapi.Tender{tender("opening", platformapi.TenderHost, platformapi.TenderReadout, now.Add(-time.Hour))},
		Bids:    []bids.View{{ID: "p", Tender: bids.Tender{ID: "t", Deadline: now.Add(time.Hour)}, Outline: &bid.Outline{Name: "bid"}}},
		Outbox:  []outbox.Entry{change("x", outbox.OpSubmit, outbox.Failed)},
	}
	b := k.Board(now)
	waiting, _ := said(b)
	want := []string{"opening/opening", "refused/submit · x", "write/over", "bid/bid", "write/soon-1", "publish/working", "write/soon-2", "write/calm", "write/done", "write/none"}
	if !reflect.DeepEqual(waiting, want) {
		t.Errorf("%q\nwant %q", waiting, want)
	}
	if b.Count(Now) != 2 || b.Count(Over) != 1 || b.Count(Soon) != 3 || b.Count(Free) != 2 {
		t.Errorf("counted wrongly: %+v", b)
	}
	if next := b.Next(now); !next.Equal(now.Add(time.Hour)) {
		t.Errorf("next at %v", next)
	}
	if next := (Known{}).Board(now).Next(now); !next.IsZero() {
		t.Errorf("nothing comes due at %v", next)
	}
}

// What was sent comes newest first, behind what is still here; a term that presses meanwhile is told.
func TestWhatWasSent(t *testing.T) {
	submitted := func(day string) func(*platformapi.ContractSummary) {
		return func(c *platformapi.ContractSummary) { c.SubmittedAt = at(day) }
	}
	b := Known{AsOf: now,
		Contracts: []platformapi.ContractSummary{
			contract("old", purchaser, purchaser, platformapi.StateAwaiting, submitted("2026-11-01 10:00"), due(sign("2026-11-20", -6, platformapi.DeadlineOver))),
			contract("new", purchaser, purchaser, platformapi.StateAwaiting, submitted("2026-11-25 10:00"), due(sign("2026-12-20", 24, platformapi.DeadlineOK))),
			contract("refused", supplier, purchaser, platformapi.StateReturned, submitted("2026-10-01 10:00"), func(c *platformapi.ContractSummary) {
				c.ReturnedAt, c.UpdatedAt = at("2026-10-02 10:00"), at("2026-10-03 10:00") // the other side wrote a note since
			}),
		},
		Outbox: []outbox.Entry{change("x", outbox.OpCreate, outbox.Sending), change("x", outbox.OpSubmit, outbox.Waiting)},
	}.Board(now)
	_, sent := said(b)
	if want := []string{"outbox/submit · x", "awaiting/new", "awaiting/old", "returned/refused"}; !reflect.DeepEqual(sent, want) {
		t.Fatalf("%q", sent)
	}
	if b.Sent[1].Term != nil || b.Sent[2].Term == nil || b.Sent[2].Term.State != platformapi.DeadlineOver {
		t.Errorf("%+v", b.Sent)
	}
	if got := b.Sent[3].At; !got.Equal(at("2026-10-02 10:00")) {
		t.Errorf("sent back at %v, as if that were when the other side submitted it", got)
	}
}

// A platform that sends nonsense gets a board that is bounded in lines and in their length, and quickly.
func TestHostileListsAreBounded(t *testing.T) {
	long := strings.Repeat("项\n\u202e\x00", 100_000)
	var k Known
	for i := range 20_000 {
		c := contract(fmt.Sprint(i), purchaser, purchaser, platformapi.StateDraft, myTurn, due(platformapi.Deadline{
			Kind: platformapi.DeadlineSign, Unit: platformapi.UnitWorkingDay, DueAt: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), Basis: long}))
		c.ProjectName, c.LotName, c.Supplier.Name, c.LotID = long, long, long, "same"
		k.Contracts = append(k.Contracts, c, contract("s", purchaser, purchaser, platformapi.StateAwaiting))
		k.Lots = append(k.Lots, platformapi.Lot{ID: fmt.Sprint("lot", i), MyRole: purchaser})
		k.Tenders = append(k.Tenders, tender(long, platformapi.TenderHost, platformapi.TenderReadout, now))
	}
	from := time.Now()
	b := k.Board(now)
	if d := time.Since(from); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
	if len(b.Waiting) != Most || len(b.Sent) != Most || !b.More {
		t.Fatalf("%d, %d, %t", len(b.Waiting), len(b.Sent), b.More)
	}
	for _, x := range b.Waiting {
		for _, text := range []string{x.Title, x.Note, x.Other} {
			if n := len([]rune(text)); n > maxLine+1 || strings.ContainsAny(text, "\n\x00\u202e") {
				t.Fatalf("%d characters, %.40q", n, text)
			}
		}
	}
}
