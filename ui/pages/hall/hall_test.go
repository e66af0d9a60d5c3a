package hall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/envelope"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/widgets"
)

// told is a platform whose opening is as the test says: states that are looked at, one after another. The real one is played
// against in the window's own test.
type told struct {
	mu     sync.Mutex
	tender platformapi.Tender
	bids   []platformapi.Bid
	acts   []platformapi.OpeningAct
	fail   error
	told   []string
	stirs  func()
	inner  map[string][]byte
	record []byte
	keys   *port
}

// port is where a test plugs keys in.
type port struct {
	token.Driver
	mu  sync.Mutex
	uri string
}

func (o *port) plug(uri string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.uri = uri
}

func (o *port) Tokens(ctx context.Context) ([]token.Token, error) {
	all, err := o.Driver.Tokens(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(all, func(t token.Token) bool {
		info, err := t.Info(ctx)
		return err != nil || info.URI != o.uri
	}), err
}

// provide makes an SM2 key for each bidder, and the envelopes that they open. It gives their URIs.
func (p *told) provide(t *testing.T) []string {
	t.Helper()
	authority, err := ca.New(ca.SM2)
	pagetest.Must(t, err)
	dir := filepath.Join(t.TempDir(), "keys")
	p.inner = map[string][]byte{}
	var uris []string
	for i := range p.bids {
		b := &p.bids[i]
		uri, err := soft.Create(dir, soft.Options{Label: fmt.Sprint("bidder", i), Algorithm: ca.SM2, PIN: []byte(pagetest.PIN), Issuer: authority,
			Subject: ca.Subject{Name: b.Bidder.Name, USCC: b.Bidder.USCC, Handler: "李秀英"}, Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}, Tries: pagetest.Tries})
		pagetest.Must(t, err)
		uris = append(uris, uri)
	}
	driver, err := soft.Open(dir)
	pagetest.Must(t, err)
	p.keys = &port{Driver: driver}
	tokens, err := driver.Tokens(t.Context())
	pagetest.Must(t, err)
	for _, k := range tokens {
		info, err := k.Info(t.Context())
		pagetest.Must(t, err)
		ids, err := k.Identities(t.Context())
		pagetest.Must(t, err)
		for _, id := range ids {
			if i := slices.Index(uris, info.URI); id.Usage()&token.UsageEncrypt != 0 {
				c := id.Certificate()
				p.bids[i].Recipients = []platformapi.BidCertificate{{Issuer: c.Issuer.String(), Serial: bid.Serial(c)}}
				p.inner[p.bids[i].ID], err = envelope.Seal(envelope.GM, envelope.Data, make([]byte, 32), c)
				pagetest.Must(t, err)
			}
		}
		pagetest.Must(t, k.Close())
	}
	return uris
}

func (p *told) Now(context.Context) (time.Time, error) { return time.Now(), nil }

func (p *told) Tender(context.Context, string) (platformapi.Tender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tender, p.fail
}

func (p *told) TenderBids(context.Context, string) ([]platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bids), nil
}

func (p *told) WatchTender(ctx context.Context, _ string, _ func(platformapi.TenderEvent), reset func()) error {
	p.mu.Lock()
	p.stirs = reset
	p.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func (p *told) Conduct(_ context.Context, _ platformapi.TenderChange, a platformapi.OpeningAct) (platformapi.Tender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acts = append(p.acts, a)
	p.tender.Version++
	return p.tender, p.fail
}

func (p *told) note(what string, id string, f func(*platformapi.Bid)) (platformapi.Bid, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, what)
	for i := range p.bids {
		if p.bids[i].ID == id {
			f(&p.bids[i])
			p.bids[i].Version++
			return p.bids[i], p.fail
		}
	}
	return platformapi.Bid{}, errors.New("no such bid")
}

func (p *told) SignIn(_ context.Context, _, id string, in platformapi.SignIn) (platformapi.Bid, error) {
	return p.note("sign-in "+in.Person, id, func(b *platformapi.Bid) { b.SignedInAt, b.SignedInPlace = time.Now(), in.Place })
}

func (p *told) Object(_ context.Context, _, id string, o platformapi.NewObjection) (platformapi.Bid, error) {
	return p.note("object "+o.Text, id, func(b *platformapi.Bid) {
		b.Objections = append(b.Objections, platformapi.Objection{ID: o.ID, Text: o.Text, At: time.Now()})
	})
}

func (p *told) AnswerObjection(_ context.Context, _, id, objection, text string) (platformapi.Bid, error) {
	return p.note("answer "+text, id, func(b *platformapi.Bid) { b.Objections[0].Answer = text })
}

func (p *told) TakeEnvelopes(_ context.Context, id string) ([]platformapi.BidEnvelope, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []platformapi.BidEnvelope{{Name: "投标文件", Inner: p.inner[id]}}, p.fail
}

func (p *told) Decrypt(_ context.Context, _, id string, _ []platformapi.OpenedEnvelope) (platformapi.Bid, error) {
	return p.note("decrypt", id, func(b *platformapi.Bid) {
		b.State, b.DecryptedAt, b.Waiting = platformapi.BidDecrypted, time.Now(), nil
	})
}

func (p *told) ReportFailure(_ context.Context, _, id string, f platformapi.Failure) (platformapi.Bid, error) {
	return p.note("failure "+string(f.Cause), id, func(b *platformapi.Bid) { b.State, b.Failure = platformapi.BidFailed, &f })
}

func (p *told) BeginBackup(_ context.Context, _, id string, _ platformapi.NewBackup) (platformapi.Bid, error) {
	return p.note("backup", id, func(*platformapi.Bid) {})
}

func (p *told) SendBackup(context.Context, platformapi.NewBackup, io.ReaderAt, func(int64, int64)) error {
	return p.fail
}

func (p *told) CompleteBackup(_ context.Context, _, id string) (platformapi.Bid, error) {
	return p.note("backup is there", id, func(*platformapi.Bid) {})
}

func (p *told) Record(context.Context, platformapi.Tender) ([]byte, error) {
	return p.record, p.fail
}

func (p *told) SignRecord(context.Context, string, string, []byte) (platformapi.Tender, error) {
	return p.tender, p.fail
}

var bidders = pagetest.Bidders

// opening is one in its decryption, at which everything has happened that rows can show.
func opening(role platformapi.TenderRole) *told {
	t, bids := pagetest.Decrypting(role)
	return &told{tender: t, bids: bids}
}

// show opens the room of what is told, and waits until it is there.
func show(t *testing.T, p *told, wide bool) (*pagetest.Host, *Room) {
	t.Helper()
	w := pagetest.NewWorld(t)
	host := pagetest.NewHost(t, w.Desk, w.Buyer())
	room := hall.NewRoom(p, p.tender.ID)
	stand := hall.NewStand(room, hall.Keys{
		Drivers: func() []token.Driver {
			if p.keys == nil {
				return nil
			}
			return []token.Driver{p.keys}
		},
		Owner: func(c *smx509.Certificate) hall.Holder {
			o := ca.SubjectOf(c)
			return hall.Holder{Name: o.Name, USCC: o.USCC, Person: o.Handler}
		},
	})
	var page *Room
	if wide {
		host.Window().Resize(fyne.NewSize(1920, 1080))
		full := NewWide(host, room, stand, p.tender.Number)
		host.Open(full)
		page = full.Room
	} else {
		page = NewRoom(host, room, stand, p.tender.Number)
		host.Open(page)
	}
	host.Until("the opening is shown", func() bool { return page.view.Known && len(page.view.Bids) == len(p.bids) })
	host.Settle(100 * time.Millisecond)
	return host, page
}

func (p *told) heard(what string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.told, what)
}

func (p *told) did() []platformapi.OpeningAct {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.acts)
}

// A terminal takes one key after another: it is plugged in, the PIN typed, Enter; no mouse.
func TestKeysWithoutTheMouse(t *testing.T) {
	p := opening(platformapi.TenderHall)
	uris := p.provide(t)
	host, page := show(t, p, true)
	host.Until("it asks for a key", func() bool { return host.Says("请插入 UKey") })
	host.Picture("hall-terminal-idle")
	for _, i := range []int{3, 4} {
		p.keys.plug(uris[i])
		page.KeysChanged()
		host.Until("the PIN is asked for", func() bool {
			return page.keys.shown.Stage == hall.Asking && page.keys.shown.Seat.Bid.ID == p.bids[i].ID
		})
		host.Type("000000")
		host.Enter()
		host.Until("the PIN is wrong", func() bool { return host.Says("PIN 码不正确，还可以再试 2 次") })
		host.Picture("hall-terminal-pin")
		host.Type(pagetest.PIN)
		host.Enter()
		host.Until("it is decrypted", func() bool { return page.keys.shown.Stage == hall.Done })
		if !host.Says("请拔出 UKey，插入下一家的") {
			t.Error("what comes next is not said")
		}
		host.Picture("hall-terminal-done")
	}
	if !p.heard("failure pin_wrong") || !p.heard("decrypt") || len(host.Told) != 0 {
		t.Errorf("heard %v, told %v", p.told, host.Told)
	}
	p.keys.plug(uris[0])
	page.KeysChanged()
	host.Until("it is decrypted already", func() bool { return host.Says("的投标文件已经解密") })
}

// A key that is found while a dialog lies over the page gets its PIN typed when that is gone, not the button pressed that opened it.
func TestAKeyThatCameUnderADialogHasTheKeyboard(t *testing.T) {
	p := opening(platformapi.TenderHall)
	uris := p.provide(t)
	host, page := show(t, p, false)
	c := host.Window().Canvas()
	pressed := widgets.NewButton(widgets.Secondary, "button", nil)
	page.banner.Add(pressed)
	c.Focus(pressed)
	over := widget.NewModalPopUp(c.Content(), c)
	over.Show()
	p.keys.plug(uris[3])
	page.KeysChanged()
	host.Until("the PIN is asked for", func() bool { return page.keys.shown.Stage == hall.Asking })
	if c.Focused() == fyne.Focusable(page.keys.field) {
		t.Error("the field behind the dialog has the keyboard")
	}
	over.Hide()
	host.Until("the field has the keyboard", func() bool { return c.Focused() == fyne.Focusable(page.keys.field) })
	c.Focus(pressed) // by Tab
	host.Settle(2 * time.Second)
	if c.Focused() != fyne.Focusable(pressed) {
		t.Error("the keyboard is taken from a button in the window")
	}
}

// A bidder signs in by the key in the terminal's port and the keyboard alone, and nothing looks wrong while the host has not begun.
func TestSigningInByAKey(t *testing.T) {
	p := opening(platformapi.TenderHall)
	uris := p.provide(t)
	announced, bids := p.tender.Opening, p.bids
	p.tender.State, p.tender.Opening, p.bids = platformapi.TenderClosed, nil, nil
	host, page := show(t, p, true)
	p.keys.plug(uris[4])
	page.KeysChanged()
	host.Until("the key is known", func() bool { return host.Says("投标人名单还没有公布") })
	if host.Says("重试") {
		t.Error("it looks as if something were wrong")
	}
	p.mu.Lock()
	p.tender.State, p.tender.Opening, p.bids = platformapi.TenderOpening, announced, bids
	p.tender.Version++
	p.mu.Unlock()
	page.room.Stale()
	host.Until("the host is waited for", func() bool { return host.Says("主持人还没有开始解密") })
	host.Picture("hall-terminal-waits")
	if !host.Says(bidders[4]) || host.Says("重试") {
		t.Errorf("%q", host.Texts())
	}
	host.Enter() // the button has the keyboard
	if !host.Says("到场人员") {
		t.Fatalf("Enter does not sign in: %q", host.Texts())
	}
	host.Enter() // the name is that of the certificate
	host.Until("the bidder is present", func() bool { return p.heard("sign-in 李秀英") })
	host.Until("it is said", func() bool { return host.Says("主持人还没有开始解密") && page.keys.in == nil })
}

// Whoever sees the hall, sees what it may do and no more.
func TestRoles(t *testing.T) {
	for _, tt := range []struct {
		role   platformapi.TenderRole
		has    []string
		hasNot []string
	}{
		{platformapi.TenderHost, []string{"暂停解密", "延长解密时间", "流标", "开始唱标"}, []string{"请插入 UKey", "扫码解密"}},
		{platformapi.TenderBidder, []string{"请插入 UKey", "提出异议"}, []string{"暂停解密", "流标", "认定原因"}},
		{platformapi.TenderSupervisor, []string{"监督视图，只读", "证书不符"}, []string{"暂停解密", "请插入 UKey", "提出异议", "流标", "认定原因", "扫码解密"}},
	} {
		t.Run(string(tt.role), func(t *testing.T) {
			p := opening(tt.role)
			host, _ := show(t, p, false)
			host.Picture("hall-" + string(tt.role))
			host.Fits()
			for _, words := range append(tt.has, bidders...) {
				if !host.Says(words) {
					t.Errorf("%q is not shown among %q", words, host.Texts())
				}
			}
			for _, words := range tt.hasNot {
				if slices.Contains(host.Texts(), words) {
					t.Errorf("%q is shown", words)
				}
			}
		})
	}
}

// The host says why, or does nothing.
func TestHostGivesReasons(t *testing.T) {
	p := opening(platformapi.TenderHost)
	host, page := show(t, p, false)
	if why := host.Button("开始唱标").Reason(); why != "还有 3 家可以在时限内解密" {
		t.Errorf("the read-out can be begun: %q", why)
	}
	host.Press("延长解密时间")
	confirm := host.Button("延长解密时间")
	if confirm.Reason() != "请写明理由" {
		t.Errorf("an extension without a reason: %q", confirm.Reason())
	}
	host.Type("5")
	host.Tab()
	host.Type("设备故障")
	host.Picture("hall-extend")
	host.Press("延长解密时间")
	if len(page.doing) != 4 || host.Window().Canvas().Focused() != fyne.Focusable(page.doing[2]) {
		t.Fatalf("%d buttons, the keyboard is at %v", len(page.doing), host.Window().Canvas().Focused())
	}
	host.Until("what it did is drawn", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.acts) == 1 && page.view.Tender.Version == p.tender.Version
	})
	host.Window().Canvas().Focus(page.doing[2]) // the host goes back to it
	p.mu.Lock()
	p.tender.Version++
	p.tender.Moves = []platformapi.OpeningMove{platformapi.MoveResume, platformapi.MoveAbort}
	p.mu.Unlock()
	page.room.Stale()
	host.Until("other acts are possible", func() bool { return len(page.doing) == 2 })
	if host.Window().Canvas().Focused() != fyne.Focusable(page.doing[0]) {
		t.Error("the keyboard stays at a button that is gone")
	}
	p.mu.Lock()
	p.tender.Version++
	p.tender.Moves = []platformapi.OpeningMove{platformapi.MovePause, platformapi.MoveReadOut, platformapi.MoveExtend, platformapi.MoveAttribute, platformapi.MoveAbort}
	p.mu.Unlock()
	page.room.Stale()
	host.Until("it is extended", func() bool { return len(p.did()) == 1 && len(page.doing) == 4 })
	if a := p.did()[0]; a.Act != platformapi.MoveExtend || a.Minutes != 510 || a.Reason != "设备故障" {
		t.Errorf("%+v", a)
	}
	p.mu.Lock()
	p.tender.Version++
	over := *p.tender.Opening // the one before is being read
	over.WindowUntil = time.Now().Add(-time.Second)
	p.tender.Opening = &over
	p.bids[2].Liable, p.bids[3].Liable, p.bids[4].Liable = platformapi.LiableBidder, platformapi.LiableBidder, platformapi.LiableUndecided
	p.mu.Unlock()
	page.room.Stale()
	host.Until("the cause must be decided", func() bool {
		return host.Button("开始唱标").Reason() == "还有 1 家未解密，请先认定原因"
	})
	page.attribute(p.bids[4])
	host.Type("未到场，也未远程解密")
	if why := host.Button("确认认定").Reason(); why != "请选择" {
		t.Errorf("decided without a decision: %q", why)
	}
	host.Check("投标人原因（撤销投标）")
	host.Check("非投标人原因（撤回投标）") // one of them only
	host.Check("投标人原因（撤销投标）")
	host.Picture("hall-attribute")
	host.Press("确认认定")
	host.Until("it is decided", func() bool { return len(p.did()) == 2 })
	if a := p.did()[1]; a.Act != platformapi.MoveAttribute || a.To != platformapi.LiableBidder || a.BidID != p.bids[4].ID || a.Reason == "" {
		t.Errorf("%+v", a)
	}
}

// With fewer than three bidders nobody overlooks it, and the host must have a reason.
func TestFewBidders(t *testing.T) {
	p := opening(platformapi.TenderHost)
	p.tender.State, p.tender.FewBidders, p.tender.Bidders = platformapi.TenderOpening, true, 2
	p.tender.Moves = []platformapi.OpeningMove{platformapi.MoveStart, platformapi.MoveAbort}
	p.bids = p.bids[:2]
	host, _ := show(t, p, false)
	if !host.Says("投标人只有 2 家，少于 3 家！") {
		t.Errorf("not said: %q", host.Texts())
	}
	host.Picture("hall-few")
	host.Press("开始解密")
	if why := host.Button("开始解密").Reason(); why != "请写明理由" {
		t.Errorf("begun without a reason: %q", why)
	}

	// Once given, it holds for the second envelope, too.
	p = opening(platformapi.TenderHost)
	p.tender.FewBidders, p.tender.Bidders, p.tender.Envelopes = true, 2, []string{"商务技术", "报价"}
	p.tender.Opening.Envelopes = []string{"商务技术"}
	p.tender.Opening.Log[1].Reason = "重新招标后仍只有两家"
	p.tender.State, p.tender.Moves = platformapi.TenderReadout, []platformapi.OpeningMove{platformapi.MoveStart, platformapi.MoveAbort}
	p.bids = p.bids[:2]
	host, _ = show(t, p, false)
	const given = "主持人已说明继续开标的理由：重新招标后仍只有两家"
	if !host.Says(given) {
		t.Errorf("the reason is not shown: %q", host.Texts())
	}
	host.Press("开始解密")
	if why := host.Button("开始解密").Reason(); why != "" || !host.Says(given) {
		t.Errorf("asked again: %q, %q", why, host.Texts())
	}
	host.Picture("hall-second-envelope")
	host.Press("开始解密")
	host.Until("it is begun", func() bool { return len(p.did()) == 1 })
	if a := p.did()[0]; a.Act != platformapi.MoveStart || a.Reason != "" || a.Minutes != 30 {
		t.Errorf("%+v", a)
	}
}

// Who signs the record sees all that it says: who was present, what the host did and why, who came too late.
func TestTheRecordIsReadWhole(t *testing.T) {
	p := opening(platformapi.TenderHost)
	late := platformapi.LateBid{Bidder: platformapi.Organisation{Name: "浙西远航影像技术有限公司"}, At: p.tender.Deadline.Add(90 * time.Second)}
	p.tender.Late = []platformapi.LateBid{late}
	host, _ := show(t, p, false)
	host.Picture("hall-late")
	if !host.Says("浙西远航影像技术有限公司在投标截止后试图递交投标文件，平台未予接收。") {
		t.Errorf("the host does not see who came too late: %q", host.Texts())
	}

	pagetest.ReadOut(&p.tender, p.bids)
	p.tender.State, p.tender.Opening.RecordSHA256 = platformapi.TenderSigning, "00"
	log := append(p.tender.Opening.Log, platformapi.OpeningLog{At: time.Now(), Act: platformapi.MoveAttribute, Person: "王建国", BidID: p.bids[4].ID, To: platformapi.LiableBidder, Reason: "未到场"})
	p.bids[0].SignedInBy = "李秀英"
	record, err := json.Marshal(map[string]any{"format": "sealdesk opening record 1", "number": p.tender.Number, "name": p.tender.Name, "bids": p.bids, "acts": log, "late": p.tender.Late})
	if err != nil {
		t.Fatal(err)
	}
	p.record = record
	host, page := show(t, p, false)
	host.Press("签名确认")
	host.Until("the record is shown", func() bool { return host.Says("形成时间") })
	host.Picture("hall-record-whole")
	said := strings.Join(host.Texts(), "\n")
	for _, words := range []string{"现场签到 李秀英", "王建国　暂停解密。理由：现场网络中断", "认定" + bidders[4] + "未解密为投标人原因", late.At.In(words.Zone).Format("15:04:05") + " 试图递交", "3,180,000.00"} {
		if !strings.Contains(said, words) {
			t.Errorf("%q is not shown in %q", words, said)
		}
	}
	if strings.Contains(said, "+08:00") {
		t.Errorf("a zone in figures is shown in %q", said)
	}

	// The paper says it in the same way.
	path := filepath.Join(t.TempDir(), "record.pdf")
	pagetest.Must(t, desk.WriteRecord(host.Words(), page.view, path))
	printed, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	pagetest.Must(t, err)
	for words, there := range map[string]bool{"3,180,000.00": true, "时间均为北京时间": true, late.At.In(words.Zone).Format("2006-01-02 15:04:05"): true, "3180000.00": false, "+08:00": false} {
		if strings.Contains(string(printed), words) != there {
			t.Errorf("%q is printed: %t\n%s", words, !there, printed)
		}
	}
}

// The read-out, an objection and its answer.
func TestReadOut(t *testing.T) {
	p := opening(platformapi.TenderBidder)
	pagetest.ReadOut(&p.tender, p.bids)
	host, page := show(t, p, false)
	for _, words := range []string{"3,180,000.00", "叁佰零捌万元整", "撤销（投标人原因）"} {
		if !host.Says(words) {
			t.Errorf("%q is not read out: %q", words, host.Texts())
		}
	}
	host.Picture("hall-read-out")
	host.Press("提出异议")
	host.Type("报价大写与小写不一致")
	host.Press("提交异议")
	host.Until("it is heard", func() bool { return p.heard("object 报价大写与小写不一致") })
	p.mu.Lock()
	p.tender.MyRole, p.tender.Moves, p.tender.Version = platformapi.TenderHost, []platformapi.OpeningMove{platformapi.MoveClose}, 99
	p.mu.Unlock()
	page.room.Stale()
	host.Until("it waits for an answer", func() bool {
		b := host.Button("结束唱标")
		return b != nil && b.Reason() == "还有 1 项异议没有答复"
	})
	page.answer(objection{p.bids[3], p.bids[3].Objections[0]})
	host.Type("以大写为准")
	host.Press("提交答复")
	host.Until("it is answered", func() bool { return p.heard("answer 以大写为准") && host.Button("结束唱标").Reason() == "" })
}

// What is shown stays while the platform is away, and is said to be old.
func TestPlatformAway(t *testing.T) {
	p := opening(platformapi.TenderSupervisor)
	host, page := show(t, p, false)
	p.mu.Lock()
	p.fail = &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline}
	p.mu.Unlock()
	page.room.Stale()
	host.Until("it is said", func() bool { return host.Says("显示的可能不是最新情况") })
	if !host.Says(bidders[0]) {
		t.Error("what was known is gone")
	}
	host.Picture("hall-away")
}

// A hundred bidders on a screen.
func TestAHundredRows(t *testing.T) {
	p := opening(platformapi.TenderHall)
	for i := len(p.bids); i < 100; i++ {
		b := p.bids[i%5]
		b.ID, b.Bidder.Name = platformapi.NewID(), fmt.Sprintf("示范投标单位%03d有限公司", i+1)
		p.bids = append(p.bids, b)
	}
	host, page := show(t, p, true)
	host.Picture("hall-hundred")
	begin := time.Now()
	for i := range 50 {
		p.mu.Lock()
		p.bids[i].State, p.bids[i].Version, p.tender.Version = platformapi.BidDecrypted, 50, p.tender.Version+1
		p.mu.Unlock()
		pagetest.Must(t, page.room.Read(t.Context()))
		view, _ := page.room.View()
		page.draw(view)
	}
	if each := time.Since(begin) / 50; each > 2*time.Second {
		t.Errorf("a change of a hundred rows takes %v to show", each)
	}
}

// A platform without openings says so in the list, and can be asked again.
func TestPlatformWithoutOpenings(t *testing.T) {
	w := pagetest.NewWorld(t)
	host := pagetest.NewHost(t, w.Desk, w.Buyer())
	host.Open(New(host))
	host.Until("it is said", func() bool { return host.Button("重试") != nil && host.Says("本平台未开通电子投标") })
	host.Fits()
}

// What stands at the right scrolls where it is higher than the window: nothing makes the window larger than its screen.
func TestTheRoomFitsWithEverythingInIt(t *testing.T) {
	p := opening(platformapi.TenderBidder)
	p.tender.Bidders = 1 // the banner
	uris := p.provide(t)
	host, page := show(t, p, false)
	p.keys.plug(uris[3])
	page.KeysChanged()
	host.Until("the PIN is asked for", func() bool { return page.keys.shown.Stage == hall.Asking })
	host.Fits()
	host.Type("000000")
	host.Enter()
	host.Until("the PIN is wrong", func() bool { return host.Says("PIN 码不正确，还可以再试 2 次") })
	host.Fits()
	host.Picture("hall-bidder-pin")
}

// Names of a usual length, and the price in capitals, stand whole on the bidders' list, in the hall's large letters too, and on the
// read-out.
func TestNamesAndPricesStandWhole(t *testing.T) {
	const name, capitals = "苏中精诚医疗科技有限公司", "贰佰玖拾叁万叁仟叁佰叁拾叁元整"
	for _, o := range []struct {
		role platformapi.TenderRole
		full bool
		read bool
		want []string
	}{
		{platformapi.TenderHall, true, false, []string{name}},
		{platformapi.TenderHost, false, true, []string{name, capitals}},
	} {
		p := opening(o.role)
		for i := range p.bids {
			p.bids[i].Bidder.Name = name
		}
		if o.read {
			pagetest.ReadOut(&p.tender, p.bids)
			for i := range p.bids {
				if len(p.bids[i].Price) > 0 {
					p.bids[i].Price[0].Value, p.bids[i].Price[0].Capitals = "2933333.00", capitals
				}
			}
		}
		host, page := show(t, p, o.full)
		size := fyne.NewSize(1280, 800)
		if !o.full {
			size.Width -= 216 // the sidebar
		}
		host.Window().Resize(size)
		for _, want := range o.want {
			whole := slices.ContainsFunc(test.LaidOutObjects(page.board.card), func(drawn fyne.CanvasObject) bool {
				line, is := drawn.(*canvas.Text)
				return is && line.Text == want
			})
			if !whole {
				t.Errorf("as %s, %q is not whole: %q", o.role, want, host.Texts())
			}
		}
	}
}

// All that stands on a screen which a room looks at can be read, and pressed, from where the countdown's words can.
func TestNothingIsSmallFromAfar(t *testing.T) {
	seen := 0
	check := func(host *pagetest.Host, p *Room, name string) {
		t.Helper()
		for _, size := range []fyne.Size{{Width: 1280, Height: 720}, {Width: 1920, Height: 1080}} {
			host.Window().Resize(size)
			host.Picture(fmt.Sprintf("%s-%.0f", name, size.Width))
		}
		host.Fits()
		host.Legible()
		for _, o := range test.LaidOutObjects(p.content) {
			switch o := o.(type) {
			case *canvas.Text:
				if o.Text != "" && o.TextSize < afar.text-1 {
					t.Errorf("%s: %q is %.0f high", name, o.Text, o.TextSize)
				}
			case *widgets.Button:
				if seen++; o.MinSize().Height < afar.text*1.4 {
					t.Errorf("%s: the button %q is %.0f high", name, o.Text(), o.MinSize().Height)
				}
			}
		}
	}
	p := opening(platformapi.TenderHost)
	p.tender.Bidders = 1 // the banner
	host, page := show(t, p, true)
	check(host, page, "afar-host")
	p.mu.Lock()
	p.fail = &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline}
	p.mu.Unlock()
	page.room.Stale()
	host.Until("it is said", func() bool { return host.Says("显示的可能不是最新情况") })
	check(host, page, "afar-away")

	p = opening(platformapi.TenderHall)
	uris := p.provide(t)
	host, page = show(t, p, true)
	p.keys.plug(uris[3])
	page.KeysChanged()
	host.Until("the PIN is asked for", func() bool { return page.keys.shown.Stage == hall.Asking })
	check(host, page, "afar-no-pin")
	host.Type("000000")
	host.Enter()
	host.Until("the PIN is wrong", func() bool { return host.Says("PIN 码不正确，还可以再试 2 次") })
	host.Type("000")
	check(host, page, "afar-pin")
	if seen < 15 {
		t.Errorf("%d buttons", seen)
	}
}

// The last try that a person agreed to is for the key that it was asked for, and for no other that is in the port by then.
func TestALastTryIsForItsKey(t *testing.T) {
	p := opening(platformapi.TenderHall)
	uris := p.provide(t)
	host, page := show(t, p, true)
	asks := func(i int) {
		p.keys.plug(uris[i])
		page.KeysChanged()
		host.Until("the PIN is asked for", func() bool {
			return page.keys.shown.Stage == hall.Asking && page.keys.shown.Seat.Bid.ID == p.bids[i].ID
		})
	}
	asks(3)
	for left := pagetest.Tries - 1; left > 0; left-- {
		host.Type("000000")
		host.Enter()
		host.Until("the tries", func() bool { return page.keys.shown.Stage == hall.Asking && page.keys.shown.Seat.Key.Tries == left })
	}
	host.Type(pagetest.PIN)
	host.Enter()
	if len(host.Asked) != 1 {
		t.Fatalf("asked %+v", host.Asked)
	}
	asks(4)
	if page.keys.field.Len() != 0 {
		t.Error("the PIN of a key that is gone stays in the field")
	}
	host.Asked[0].Yes()
	host.Settle(time.Second)
	if page.keys.shown.Stage != hall.Asking {
		t.Error("the PIN of one key was tried at another")
	}
}
