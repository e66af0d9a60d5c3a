package main

import (
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/signer"
	"sealdesk/signer/paper"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
)

var (
	buyer  = ca.Subject{Name: "云溪县人民医院", USCC: "12330127470130820X", Handler: "张三"}
	seller = ca.Subject{Name: "江南医疗器械有限公司", USCC: "91330127MA2XKQ713A", Handler: "李四"}
)

// A bench is what all runs have in common: keys, a signed contract, the lots, the programs.
type bench struct {
	dir       string
	platformd string
	authority *ca.Authority
	rootsFile string
	seedFile  string
	word      string
	signed    string
}

// An identity is a key of the buyer's. A platform bounds how often one certificate logs in, so each run has its own.
type identity struct {
	key   crypto.Signer
	chain []*smx509.Certificate
}

func (b *bench) issue() (identity, error) {
	key, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		return identity{}, err
	}
	cert, err := b.authority.Issue(ca.Request{Subject: buyer, PublicKey: key.Public(), Usage: token.UsageSign})
	return identity{key, append([]*smx509.Certificate{cert}, b.authority.Roots()...)}, err
}

// token makes a software key in a folder.
func (b *bench) token(dir string) error {
	_, err := soft.Create(dir, soft.Options{
		Label: "buyer", Algorithm: ca.ECDSA, PIN: []byte(softPIN), Subject: buyer, Issuer: b.authority, Chain: b.authority.Roots(),
		Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1},
	})
	return err
}

func lot(run int) string { return fmt.Sprintf("lot-%06d", run) }

func newBench(ctx context.Context, dir string, o options) (*bench, error) {
	b := &bench{dir: dir, platformd: o.platformd, rootsFile: filepath.Join(dir, "roots.pem"),
		seedFile: filepath.Join(dir, "lots.json"), word: filepath.Join(dir, "合同.docx"), signed: filepath.Join(dir, "合同.pdf")}
	if b.platformd == "" {
		b.platformd = filepath.Join(dir, "platformd")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.platformd, "sealdesk/cmd/platformd").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("platformd cannot be built: %w\n%s", err, out)
		}
	}
	var err error
	if b.authority, err = ca.New(ca.ECDSA); err != nil {
		return nil, err
	}
	var roots []byte
	for _, c := range b.authority.Roots() {
		roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	seed, err := json.Marshal(lots(o.runs))
	if err != nil {
		return nil, err
	}
	for path, data := range map[string][]byte{b.rootsFile: roots, b.seedFile: seed, b.word: assets.SampleContract()} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
	}
	return b, b.sign(ctx)
}

// lots are as many as there are runs.
func lots(runs int) platform.Seed {
	org := func(s ca.Subject) platformapi.Organisation {
		return platformapi.Organisation{Name: s.Name, USCC: s.USCC}
	}
	now := time.Now()
	s := platform.Seed{Organisations: []platformapi.Organisation{org(buyer), org(seller)}}
	for i := range runs {
		s.Lots = append(s.Lots, platform.Lot{
			ID: lot(i), ProjectNumber: "云财公开-2026-1", ProjectName: "救护车采购项目", Number: "一包", Name: "监护型救护车",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodOpenTender, AwardFen: 96_000_000,
			TradedAt: now.AddDate(0, 0, -8), AwardSentAt: now.AddDate(0, 0, -4), Purchaser: org(buyer), Supplier: org(seller),
		})
	}
	return s
}

// sign makes the signed contract that every run files.
func (b *bench) sign(ctx context.Context) error {
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		return err
	}
	bold, err := paper.ParseFace(assets.SansMedium())
	if err != nil {
		return err
	}
	doc := paper.New(regular, bold, paper.Options{Title: "政府采购合同", Lang: "zh-CN"})
	doc.Title("政府采购合同")
	doc.Paragraph("采购人与中标单位就监护型救护车的采购签订本合同。", paper.Plain)
	data, err := doc.Bytes()
	if err != nil {
		return err
	}
	clean := filepath.Join(b.dir, "clean.pdf")
	if err := os.WriteFile(clean, data, 0o600); err != nil {
		return err
	}
	who, err := b.issue()
	if err != nil {
		return err
	}
	_, err = signer.Job{In: clean, Out: b.signed, Key: who.key, Chain: who.chain, Time: time.Now()}.Run(ctx)
	return err
}
