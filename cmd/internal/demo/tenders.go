package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"sealdesk/cmd/internal/bidding"
	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
)

// Those of an opening beside the two parties: further bidders, the county's trading centre with its hall terminals, and who
// supervises. Names and codes are invented.
var (
	second     = ca.Subject{Name: "苏北康泰医疗科技有限公司", USCC: Invented("苏北康泰医疗科技有限公司"), Handler: "陈志强"}
	third      = ca.Subject{Name: "皖江仪器设备有限公司", USCC: Invented("皖江仪器设备有限公司"), Handler: "赵敏"}
	latecomer  = ca.Subject{Name: "浙远影像技术有限公司", USCC: Invented("浙远影像技术有限公司"), Handler: "孙丽"}
	hall       = ca.Subject{Name: "云溪县公共资源交易中心", USCC: Invented("云溪县公共资源交易中心"), Handler: "开标大厅一号机"}
	supervisor = ca.Subject{Name: "云溪县财政局", USCC: Invented("云溪县财政局"), Handler: "周正"}
)

// hallPIN is the PIN of the keys that CastOpening makes.
const hallPIN = "246810"

// Opening is who takes part in an opening beside the purchaser, who holds it.
type Opening struct {
	Bidders    []Party // the supplier first, then one with an SM2 and one with an RSA key
	Terminal   Party   // a hall terminal
	Supervisor Party
}

// CastOpening makes or finds the keys of those who take part in an opening, and registers them.
func (w *World) CastOpening(ctx context.Context) (Opening, error) {
	authority, err := ca.OpenOrCreate(w.Work)
	if err != nil {
		return Opening{}, err
	}
	dir := filepath.Join(w.Work, "keys", "hall")
	own, err := soft.Open(dir)
	if err != nil {
		return Opening{}, err
	}
	o := Opening{Bidders: []Party{w.Supplier, {}, {}}}
	for _, x := range []struct {
		party     *Party
		label     string
		subject   ca.Subject
		algorithm ca.Algorithm
	}{
		{&o.Bidders[1], "bidder2", second, ca.SM2}, {&o.Bidders[2], "bidder3", third, ca.RSA},
		{&o.Terminal, "hall", hall, ca.ECDSA}, {&o.Supervisor, "supervisor", supervisor, ca.ECDSA},
	} {
		uri, err := labelled(ctx, own, x.label)
		if err == nil && uri == "" {
			uri, err = soft.Create(dir, soft.Options{Label: x.label, Algorithm: x.algorithm, PIN: []byte(hallPIN), Subject: x.subject, Issuer: authority,
				Cost: known})
		}
		if err != nil {
			return o, err
		}
		*x.party = Party{URI: uri, Name: x.subject.Name, USCC: x.subject.USCC, Handler: x.subject.Handler, PIN: hallPIN}
		w.PINs[uri] = hallPIN
	}
	if !w.hallOpen {
		w.Drivers, w.hallOpen = append(w.Drivers, own), true
	}
	return o, nil
}

// bidKeys are the platform's keys for bids, found in the folder or made; as for time stamps, when they are first needed.
func bidKeys(dir string, issuer *ca.Authority) ([]bidding.Key, error) {
	var keys []bidding.Key
	for _, alg := range []ca.Algorithm{ca.SM2, ca.RSA} {
		pair, err := keptPair(filepath.Join(dir, "bids-"+string(alg)+".pem"), alg, issuer, ca.Request{
			Subject: ca.Subject{Name: PlatformName}, Usage: token.UsageEncrypt,
		})
		if err != nil {
			return nil, err
		}
		k, err := bidding.KeyOf(pair)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// TenderPlan says what a demo's tender is to be like. The zero value is one whose bids are opened in a week.
type TenderPlan struct {
	Deadline     time.Duration // from now
	Minutes      int           // 解密时限; 0 is 30
	Remedy       platformapi.Remedy
	OthersWait   bool // by its rule no bid is read while another one is closed
	TwoEnvelopes bool // 双信封: the price can be opened later than the rest
	RuleText     string
}

// AddTender publishes a tender of the purchaser, which all parties of the world see, and gives its id.
func (w *World) AddTender(ctx context.Context, p TenderPlan) (string, error) {
	if p.Deadline == 0 {
		p.Deadline = 7 * 24 * time.Hour
	}
	if p.Minutes == 0 {
		p.Minutes = 30
	}
	if p.Remedy == "" {
		p.Remedy = platformapi.RemedySecondTry
	}
	if p.RuleText == "" {
		p.RuleText = "投标人应在开标时用加密投标文件的数字证书在规定时间内完成解密；因投标人原因未解密的，视为撤销其投标文件，其余投标文件的开标可以继续进行（《电子招标投标办法》第三十一条）。"
	}
	n := w.state.Tenders + 1
	w.state.Tenders = n // counted before it is there, as lots are
	if err := w.remember(); err != nil {
		return "", err
	}
	number := fmt.Sprintf("ZC-2026-%06d", 1900+n)
	outline, err := demoOutline(number, "第1包", p.TwoEnvelopes)
	if err != nil {
		return "", err
	}
	t := platformapi.NewTender{
		ID: platformapi.NewID(), Number: number, Name: "云溪县人民医院影像设备采购项目", LotNumber: "第1包", LotName: "数字化X射线摄影系统",
		PurchaserUSCC: w.Purchaser.USCC, Outline: outline, Deadline: time.Now().Add(p.Deadline), DecryptMinutes: p.Minutes,
		Remedy: p.Remedy, OthersGoOn: !p.OthersWait, MinBidders: 3, RuleText: p.RuleText,
	}
	return t.ID, w.platform.Import(ctx, platform.Seed{Tenders: []platform.SeedTender{{NewTender: t}}})
}

// demoOutline is what a demo's tender asks for.
func demoOutline(number, lot string, two bool) ([]byte, error) {
	offer, price := "投标文件", "投标文件"
	if two {
		offer, price = "资格及技术", "报价"
	}
	part := func(code, name, kind, envelope string, required, stamp bool) map[string]any {
		return map[string]any{"code": code, "name": name, "kind": kind, "required": required, "envelope": envelope, "types": []string{".pdf"}, "stamp": stamp}
	}
	return json.Marshal(map[string]any{
		"tender": number, "lot": lot, "name": "云溪县人民医院影像设备采购项目",
		"parts": []any{
			part("qualification", "资格证明文件", "qualification", offer, true, false),
			part("technical", "技术文件", "technical", offer, true, true),
			part("price", "报价文件", "price", price, true, true),
			part("other", "其他材料", "other", offer, false, false),
		},
		"price": map[string]any{"envelope": price, "fields": []any{
			map[string]any{"name": "投标总价", "kind": "amount", "required": true, "capitals": true, "max": "3500000.00"},
			map[string]any{"name": "交货期", "kind": "days", "required": true},
			map[string]any{"name": "质保期", "kind": "text", "required": true},
		}},
	})
}

// furnish registers those who take part in openings, gives the bidders their credit libraries, and publishes a first tender.
func (w *World) furnish(ctx context.Context) error {
	seed := platform.Seed{Kinds: map[string]platformapi.OrganisationKind{
		hall.USCC: platformapi.OrganisationHall, supervisor.USCC: platformapi.OrganisationSupervisor,
	}}
	for _, s := range []ca.Subject{second, third, hall, supervisor} {
		seed.Organisations = append(seed.Organisations, organisation(s))
	}
	if w.state.Tenders == 0 {
		for _, uscc := range []string{w.Supplier.USCC, second.USCC, third.USCC} {
			seed.Credit = append(seed.Credit, creditOf(uscc, w.state.Born)...)
		}
	}
	if err := w.platform.Import(ctx, seed); err != nil {
		return err
	}
	if w.state.Tenders > 0 {
		return nil
	}
	_, err := w.AddTender(ctx, TenderPlan{})
	return err
}

// creditOf is a small credit library of an organisation.
func creditOf(uscc string, born time.Time) []platform.SeedCredit {
	day := func(years int) string { return born.AddDate(years, 0, 0).Format(time.DateOnly) }
	page := func(name, text string) platform.SeedFile {
		return platform.SeedFile{Name: name, Content: onePage(text)}
	}
	entry := func(kind platformapi.CreditKind, name, number, issuer string, from, until int, files ...platform.SeedFile) platform.SeedCredit {
		e := platformapi.CreditEntry{Kind: kind, Name: name, Number: number, Issuer: issuer, ValidFrom: day(from)}
		if until > 0 {
			e.ValidUntil = day(until)
		}
		return platform.SeedCredit{USCC: uscc, ID: platformapi.NewID(), Entry: e, Files: files}
	}
	return []platform.SeedCredit{
		entry(platformapi.CreditLicence, "营业执照", uscc, "云溪县市场监督管理局", -6, 0, page("营业执照.pdf", "Business licence "+uscc)),
		entry(platformapi.CreditQualification, "医疗器械经营许可证", "浙杭食药监械经营许20260018号", "杭州市市场监督管理局", -2, 3, page("医疗器械经营许可证.pdf", "Medical device distribution permit")),
		entry(platformapi.CreditQualification, "质量管理体系认证证书（ISO 13485）", "QMS-2025-0731", "中国质量认证中心", -1, 2, page("ISO13485.pdf", "ISO 13485 certificate")),
		entry(platformapi.CreditPerson, "项目负责人 刘洋", "注册设备监理师 0042177", "中国设备监理协会", -3, 2, page("刘洋-职称证书.pdf", "Project manager's certificate")),
		entry(platformapi.CreditWork, "临江市第二人民医院 DR 采购项目（2025）", "LJZC-2025-0093", "临江市第二人民医院", -1, 0, page("业绩合同.pdf", "Contract of a past project")),
	}
}

// onePage is a PDF of one page with a line of ASCII on it.
func onePage(text string) []byte {
	content := fmt.Sprintf("BT /F1 18 Tf 72 740 Td (%s) Tj ET", text)
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	file := []byte("%PDF-1.7\n")
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", len(file))
		file = fmt.Appendf(file, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return fmt.Appendf(file, "%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table, len(objects)+1, len(file))
}
