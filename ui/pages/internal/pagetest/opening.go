package pagetest

import (
	"fmt"
	"time"

	"sealdesk/platformapi"
)

// Bidders are those of Decrypting, in the order of their receipt.
var Bidders = []string{"中科影像设备股份有限公司", "浙江智行医疗信息技术有限公司", "北京路安电子工程有限公司", "华讯医疗系统集成有限公司", "江苏畅通医用设备有限公司"}

// Decrypting is an opening in its decryption, at which everything has happened that rows can show, as who has that role sees it.
func Decrypting(role platformapi.TenderRole) (platformapi.Tender, []platformapi.Bid) {
	at := time.Now()
	t := platformapi.Tender{
		ID: platformapi.NewID(), Version: 7, Number: "ZC-2026-001901", Name: "云溪县人民医院影像设备采购项目", LotNumber: "第1包", LotName: "数字化X射线摄影系统",
		Purchaser: platformapi.Organisation{Name: "云溪县人民医院"}, Agency: &platformapi.Organisation{Name: "华东招标代理有限公司"},
		State: platformapi.TenderDecrypting, Deadline: at.Add(-12 * time.Minute), DecryptMinutes: 30, Remedy: platformapi.RemedyBackupFile, OthersGoOn: true, MinBidders: 3,
		Bidders: len(Bidders), Envelopes: []string{"投标文件"}, ReadOut: []string{"投标总价", "交货期", "质保期"}, MyRole: role,
		Opening: &platformapi.Opening{AnnouncedAt: at.Add(-11 * time.Minute), Envelopes: []string{"投标文件"}, WindowFrom: at.Add(-9 * time.Minute), WindowUntil: at.Add(18*time.Minute + 42*time.Second),
			Log: []platformapi.OpeningLog{
				{At: at.Add(-11 * time.Minute), Act: platformapi.MoveAnnounce, Person: "王建国"},
				{At: at.Add(-9 * time.Minute), Act: platformapi.MoveStart, Person: "王建国", Minutes: 30},
				{At: at.Add(-3 * time.Minute), Act: platformapi.MovePause, Person: "王建国", Reason: "现场网络中断"},
				{At: at.Add(-2 * time.Minute), Act: platformapi.MoveResume, Person: "王建国"},
			}},
	}
	var b []platformapi.Bid
	for i, name := range Bidders {
		b = append(b, platformapi.Bid{ID: platformapi.NewID(), TenderID: t.ID, Version: 1, State: platformapi.BidDecrypting,
			Bidder: platformapi.Organisation{Name: name, USCC: fmt.Sprintf("91410899MA9K3T7X%02d", i)}, Receipt: fmt.Sprintf("B20261126-%06d", i+1),
			ReceivedAt: at.Add(-time.Hour), SignedInAt: at.Add(-20 * time.Minute), SignedInPlace: platformapi.PlaceHall, Waiting: []string{"投标文件"},
			OuterDecryptedAt: at.Add(-9 * time.Minute)})
	}
	b[0].State, b[0].DecryptedAt, b[0].Waiting = platformapi.BidDecrypted, at.Add(-8*time.Minute), nil
	b[1].SignedInPlace, b[1].State, b[1].DecryptedAt, b[1].Waiting = platformapi.PlaceRemote, platformapi.BidDecrypted, at.Add(-7*time.Minute), nil
	b[2].State, b[2].Failure = platformapi.BidFailed, &platformapi.Failure{Cause: platformapi.CauseWrongCertificate, Needed: []string{"5d0dd7c83ebf111d"}, Found: []string{"4adf57c38c10b991"}}
	b[3].PackageFetchedAt = at.Add(-time.Minute)
	b[4].SignedInAt = time.Time{}
	switch role {
	case platformapi.TenderHost:
		t.Moves = []platformapi.OpeningMove{platformapi.MovePause, platformapi.MoveReadOut, platformapi.MoveExtend, platformapi.MoveAttribute, platformapi.MoveAbort}
	case platformapi.TenderBidder:
		t.MyBidID = b[3].ID
	}
	return t, b
}

// ReadOut has such an opening come to its read-out.
func ReadOut(t *platformapi.Tender, bids []platformapi.Bid) {
	t.State = platformapi.TenderReadout
	capitals := []string{"叁佰壹拾捌万元整", "叁佰零捌万元整", "贰佰玖拾捌万元整", "贰佰捌拾捌万元整"}
	for i := range bids {
		b := &bids[i]
		if i < len(capitals) {
			b.State, b.DecryptedAt, b.Failure, b.Waiting = platformapi.BidDecrypted, time.Now(), nil, nil
			b.Price = []platformapi.PriceField{{Name: "投标总价", Value: fmt.Sprintf("%d80000.00", 31-i), Capitals: capitals[i]}, {Name: "交货期", Value: "30"}, {Name: "质保期", Value: "三年"}}
			continue
		}
		b.State, b.Liable = platformapi.BidAttributed, platformapi.LiableBidder
		b.Attributions = []platformapi.Attribution{{To: platformapi.LiableBidder, Reason: "未到场", Person: "王建国", At: time.Now()}}
	}
	if t.MyRole == platformapi.TenderHost {
		t.Moves = []platformapi.OpeningMove{platformapi.MoveClose, platformapi.MoveAttribute, platformapi.MoveAbort}
	}
}
