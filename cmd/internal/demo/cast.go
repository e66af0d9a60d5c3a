package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/token/ca"
)

// The parties are those of the sample contract. Names and credit codes are invented; the codes carry right check
// characters (GB 32100-2015).
var (
	purchaser = ca.Subject{Name: "云溪县人民医院", USCC: "1233012747013082XH", Handler: "王建国"}
	supplier  = ca.Subject{Name: "华东医疗器械有限公司", USCC: "91330127MA2XKQ713A", Handler: "李秀英"}
)

const agency = "华东招标代理有限公司"

// The labels of the software keys, and their PINs.
const (
	purchaserLabel, purchaserPIN = "purchaser", "123456"
	supplierLabel, supplierPIN   = "supplier", "654321"
)

// The account of the purchaser's handler on the platform, for 账号登录.
const (
	AccountName     = "wangjianguo"
	AccountPassword = "yunxi-demo-2026"
)

func organisation(s ca.Subject) platformapi.Organisation {
	return platformapi.Organisation{Name: s.Name, USCC: s.USCC}
}

// chapter is what the lots of a demo begin with: one to be signed, and some of other kinds and states beside it, so that
// lists look as they do in an office.
func chapter(born time.Time, pair string, buyer, seller ca.Subject) []platform.Lot {
	day := func(n int) time.Time { return born.AddDate(0, 0, n).Truncate(time.Minute) }
	lots := []platform.Lot{
		{
			ProjectNumber: "ZC-2026-001842", ProjectName: "云溪县人民医院医疗设备采购项目",
			Number: "标段二", Name: "影像与检验设备",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodOpenTender, AwardFen: 328_600_000,
			TradedAt: day(-9), AwardSentAt: day(-6),
		},
		{
			ProjectNumber: "云财公开采购-2026-18", ProjectName: "云溪县人民医院病房护理设备采购项目",
			Number: "B包", Name: "多功能护理床及床头柜",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodOpenTender, AwardFen: 46_350_000,
			TradedAt: day(-28), AwardSentAt: day(-25),
		},
		{
			ProjectNumber: "云建公开-2026-07", ProjectName: "云溪县人民医院门诊楼净化工程",
			Number: "一标段", Name: "手术部净化装修及设备安装",
			Kind: platformapi.LotWorks, Method: platformapi.MethodOpenTender, AwardFen: 392_718_560,
			TradedAt: day(-14), AwardSentAt: day(-11),
		},
		{
			ProjectNumber: "云财询价采购-2026-44", ProjectName: "云溪县人民医院检验试剂采购项目",
			Number: "C包", Name: "生化检验试剂（一年期）",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodInquiry, AwardFen: 17_980_000,
			TradedAt: day(-1),
		},
		{
			ProjectNumber: "云财采购（密）-2026-03", ProjectName: "云溪县人民医院人防信息系统采购项目",
			Number: "A包", Name: "专用设备及软件",
			Kind: platformapi.LotProcurement, Method: platformapi.MethodSingleSource, AwardFen: 88_600_000,
			TradedAt: day(-8), AwardSentAt: day(-5), Secret: true,
		},
	}
	for i := range lots {
		lots[i].ID = lotID(pair, i+1)
		lots[i] = cast(lots[i], buyer, seller)
	}
	return lots
}

// templates are the texts that the demo's platform offers: the sample contract.
func templates() []platform.Template {
	content := assets.SampleContract()
	sum := sha256.Sum256(content)
	return []platform.Template{{Content: content, Template: platformapi.Template{
		ID: "goods-sample", Name: "货物类采购合同（示范文本）", Note: "设备、物资采购；含付款、验收、违约条款",
		Contract: platformapi.ContractMain, File: "货物类采购合同（示范文本）.docx",
		Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
	}}}
}

// further is one more lot to be signed, for a demo whose lots are used up.
func further(now time.Time, pair string, n int, buyer, seller ca.Subject) platform.Lot {
	return cast(platform.Lot{
		ID: lotID(pair, n), ProjectNumber: fmt.Sprintf("云财磋商采购-2026-%d", 100+n),
		ProjectName: "云溪县人民医院医疗设备补充采购项目", Number: fmt.Sprintf("第%d包", n), Name: "便携式监护仪",
		Kind: platformapi.LotProcurement, Method: platformapi.MethodConsultation, AwardFen: 23_500_000,
		TradedAt: now.AddDate(0, 0, -5), AwardSentAt: now.AddDate(0, 0, -2),
	}, buyer, seller)
}

func lotID(pair string, n int) string { return fmt.Sprintf("demo-%s-%d", pair, n) }

// cast gives a lot its parties, and the steps that lie behind it.
func cast(l platform.Lot, buyer, seller ca.Subject) platform.Lot {
	l.Purchaser, l.Supplier, l.Agency = organisation(buyer), organisation(seller), agency
	done := func(name string, days int) platformapi.FlowStep {
		return platformapi.FlowStep{Name: name, State: platformapi.StepDone, Since: l.TradedAt.AddDate(0, 0, days)}
	}
	l.Phases = []platformapi.FlowPhase{
		{Phase: platformapi.PhaseBefore, Steps: []platformapi.FlowStep{done("邀请书确认", -21), done("交易文件下载", -20), done("澄清答复", -12)}},
		{Phase: platformapi.PhaseTrading, Steps: []platformapi.FlowStep{done("开标签到解密", 0), done("评审结果", 0)}},
	}
	return l
}
