package widgets

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sealdesk/assets"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/theme"
)

// The gallery composes whole screens out of the widgets. They must fit the
// smallest window, and with SEALDESK_PICTURES=dir the test draws them there, to
// be looked at.

func galleryShell(active string, crumbs []Crumb, body fyne.CanvasObject) *Shell {
	side := NewSidebar(canvas.NewImageFromResource(fyne.NewStaticResource("sealdesk.svg", assets.AppIconSVG())), "政采签章客户端", "SealDesk")
	side.SetItems(
		NavItem{ID: "desk", Text: "工作台", Icon: theme.IconHome},
		NavItem{ID: "contracts", Text: "合同签订", Icon: theme.IconContract},
		NavItem{},
		NavItem{ID: "outbox", Text: "发件箱", Icon: theme.IconOutbox},
		NavItem{ID: "keys", Text: "证书与密钥", Icon: theme.IconKey},
	)
	side.SetBadge("contracts", 6)
	side.SetBadge("outbox", 120)
	side.Select(active)
	side.SetKey(Status{Tone: theme.Good, Text: "市第三人民医院 王建国", Detail: "有效期至 2027-08-31"})
	side.SetPlatform(Status{Tone: theme.Warn, Text: "离线，自 09:12 起", Detail: "3 项待发送"})
	top := NewTopbar()
	top.SetCrumbs(crumbs...)
	top.SetUser("市第三人民医院", "王建国")
	s := NewShell(side, top)
	s.SetBody(body)
	return s
}

var galleryCalendar = CalendarTexts{
	Month:    func(t time.Time) string { return t.Format("2006年1月") },
	Weekdays: [7]string{"一", "二", "三", "四", "五", "六", "日"},
	Today:    "今天",
}

func galleryNow() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }

func galleryForm() fyne.CanvasObject {
	name := NewTextField("请输入项目名称")
	name.SetText("市第三人民医院医疗设备采购（二包）")
	number := NewTextField("")
	number.SetText("ZC-2026-001842")
	method := NewRadios("公开招标", "竞争性磋商", "单一来源")
	method.Choose(0)
	kind := NewSelectField("请选择采购品目", Option{Text: "A02320300 医用电子生理参数检测仪器设备"}, Option{Text: "B 工程", Note: "未授权", Off: true})
	kind.Choose(0)
	content := NewTextArea("请输入采购内容", 3, 500)
	content.SetText("采购 64 排螺旋 CT 一台、彩色多普勒超声诊断仪两台，含安装、调试及三年质保服务。")
	one := Form(2,
		NewField("项目名称", true, name, ""), NewField("项目编号", true, number, ""),
		NewField("采购品目", false, kind, ""), NewField("联系电话", false, NewTextField("请输入联系电话"), ""))
	two := Form(1, NewField("采购方式", true, method, ""), NewField("采购内容", true, content, ""))

	code := NewTextField("请输入 18 位统一社会信用代码")
	codeField := NewField("信用代码", true, code, "")
	codeField.SetError("请输入 18 位统一社会信用代码")
	sum := NewAmountField("请输入合同金额")
	sum.SetAmount(328600000)
	sumField := NewField("合同金额", true, sum, "大写：人民币"+amount.Fen(328600000).Capitals())
	day := NewDateField("2026-11-20", galleryCalendar, galleryNow)
	day.SetDate(galleryNow())
	parties := Form(2,
		NewField("采购人", true, NewReadOnly("市第三人民医院"), ""), NewField("供应商", true, NewReadOnly("华东医疗器械有限公司"), "名称取自数字证书，不可修改"),
		codeField, NewField("监管部门", false, NewTextField("请输入监管部门"), ""),
		sumField, NewField("签订日期", true, day, ""))
	agree := NewCheckbox("已与中标通知书核对一致", nil)
	agree.Set(true)
	body := NewScrollArea(Page(Column(theme.CardGap,
		Section("01", "项目信息", "与采购公告保持一致", Column(0, one, two)),
		Section("02", "合同信息", "应于 2026-12-10 前签订（《政府采购法》第四十六条）", parties),
		Section("03", "附件信息", "", Pad(0, 0, 12, 0, Column(12, NewDropZone("将合同文件拖到此处，或点击选择", "支持 doc、docx、pdf，不超过 100 MB", nil), agree))),
	)))
	submit := NewButton(Primary, "提交合同", nil)
	submit.SetReason("还有 1 项必填：信用代码")
	foot := Foot(Quiet("草稿已保存 09:30:12"), Actions(submitLast(NewButton(Secondary, "修改保存", nil), submit)...))
	return galleryShell("contracts", []Crumb{{Text: "合同签订", Go: func() {}}, {Text: "新增合同签订"}}, Border(nil, foot, nil, nil, body))
}

func submitLast(b ...*Button) []*Button { return b }

func galleryTable() *Table {
	t := NewTable(
		TableColumn{Title: "合同编号", Width: 118, Quiet: true},
		TableColumn{Title: "项目名称", Min: 200},
		TableColumn{Title: "对方单位", Min: 110, Spare: true},
		TableColumn{Title: "合同金额（元）", Width: 104, Right: true},
		TableColumn{Title: "签订日期", Width: 82, Quiet: true, Spare: true},
		TableColumn{Title: "状态", Width: 100},
		TableColumn{Title: "操作", Width: 108})
	return t
}

func galleryFill(t *Table) {
	rows := []struct {
		no, name, org, sum, day, state string
		tone                           theme.Tone
	}{
		{"ZC-2026-001842", "市第三人民医院医疗设备采购（二包）", "华东医疗器械有限公司", "3,286,000.00", "2026-11-20", "待盖章", theme.Warn},
		{"ZC-2026-001836", "高新区智慧交通信号系统升级改造及五年运行维护服务采购项目", "浙江智行信息技术有限公司", "12,450,000.00", "2026-11-18", "待对方同意", theme.Info},
		{"ZC-2026-001811", "城东实验小学多媒体教学设备采购", "市教育装备中心", "864,500.00", "2026-11-17", "已签订", theme.Good},
		{"ZC-2026-001780", "公务用车定点维修服务框架协议", "安顺汽车修理厂", "720,000.00", "2026-11-14", "不同意", theme.Bad},
		{"ZC-2026-001766", "档案数字化加工服务项目", "云档科技有限公司", "398,000.00", "2026-11-12", "草稿", theme.Neutral},
	}
	t.Fill(40, func(i int) TableRow {
		r := rows[i%len(rows)]
		return TableRow{Cells: []Cell{
			{Text: r.no}, {Text: r.name}, {Text: r.org}, {Text: r.sum}, {Text: r.day}, {Chip: r.state, Tone: r.tone},
			{Actions: []Action{{Text: "查看"}, {Text: "盖章", Why: whyNot(i)}, {Text: "更多"}}},
		}, Open: func() {}}
	})
}

func whyNot(i int) string {
	if i%5 == 4 {
		return "尚未上传合同"
	}
	return ""
}

func galleryList(fill func(*Table)) fyne.CanvasObject {
	t := galleryTable()
	fill(t)
	search := NewTextField("合同编号、项目名称").WithIcon(theme.IconSearch)
	state := NewSelectField("全部状态", Option{Text: "全部状态"}, Option{Text: "待盖章"})
	state.Choose(0)
	tools := Pad(14, 20, 14, 20, Row(10, Fixed(240, 0, search), Fixed(130, 0, state), NewButton(Secondary, "查询", nil), Spacer(),
		NewButton(Primary, "新增合同签订", nil).WithIcon(theme.IconPlus)))
	stats := Grid(4, 16, Stat("待我签署", "6", theme.Warn), Stat("待盖章", "2", theme.Info), Stat("本年已签订", "128", theme.Good), Stat("已退回", "1", theme.Bad))
	return galleryShell("contracts", []Crumb{{Text: "合同签订"}},
		Page(Border(Pad(0, 0, 16, 0, stats), nil, nil, nil, Card(Border(Column(0, tools, HLine()), Pad(0, 20, 0, 20, Fixed(0, 44, Row(0, Quiet("共 40 份合同")))), nil, nil, t)))))
}

func galleryParts() fyne.CanvasObject {
	busy := NewButton(Primary, "正在签章", nil)
	busy.spin.clock = galleryClock
	busy.SetBusy(true)
	dead := NewButton(Primary, "加盖印章", nil)
	dead.SetReason("请先确认清稿")
	buttons := Row(12, NewButton(Primary, "提交合同", nil), busy, NewButton(Secondary, "修改保存", nil), NewButton(Danger, "确认注销该证书", nil), NewButton(Link, "重新检测", nil), WithReason(dead), NewIconButton(theme.IconZoomIn, nil))
	p := NewProgress(NewButton(Secondary, "取消", nil))
	p.Set("正在写入签名", 0.62, "约剩 12 秒")
	phases := Phases(
		Phase{Name: "采购阶段", State: StepDone, Steps: []PhaseStep{{Name: "交易文件", State: StepDone, Open: func() {}}, {Name: "答疑文件", Note: "2026-10-20 发布", State: StepDone, Open: func() {}}}},
		Phase{Name: "合同阶段", State: StepNow, Steps: []PhaseStep{{Name: "合同签订", Note: "2026-12-10 前", State: StepNow, Number: 2, Open: func() {}}, {Name: "合同公示", Note: "签订后 2 个工作日内", State: StepAlarm, Open: func() {}}}},
		Phase{Name: "履约阶段", State: StepAhead, Steps: []PhaseStep{{Name: "履约验收", Note: "合同公示后开放", State: StepAhead}}})
	left := Column(16,
		Verdict(theme.Good, "签章有效：文件自签署后未被改动，签署人身份可信。", "共 2 枚签名，最近一枚由 华东医疗器械有限公司 于 2026-11-20 09:30:12 签署"),
		Verdict(theme.Bad, "签章无效：文件在签署之后被改动过，请勿使用。", "第 3 页在 2026-11-21 被替换"),
		ErrorPanel(ErrorText{What: "密码错误", Why: "UKey“市第三人民医院”没有接受输入的 PIN 码，还可以再试 3 次。", Do: "请核对后重新输入；全部用完后需到 CA 服务窗口解锁。", Code: "token.pin_wrong"}, NewButton(Secondary, "重新输入", nil)),
		WarnPanel(ErrorText{What: "证书将在 21 天后到期", Do: "请在 2026-12-11 前办理延期。"}))
	right := Column(16,
		PaddedCard(p),
		PaddedCard(Column(12, NewTabs("证书登录", "扫码登录", "账号登录"), NewSegments("单页", "多页", "骑缝", "关键字"), FactLines(Fact{"文件", "政府采购合同_ZC-2026-001842.pdf"}, Fact{"摘要", "9f86d081…"}))))
	return galleryShell("desk", []Crumb{{Text: "工作台"}}, NewScrollArea(Page(Column(16, PaddedCard(buttons), PaddedCard(Steps(2, "签到", "公布名单", "投标解密", "唱标确认", "开标结束")), phases, Grid(2, 16, left, right)))))
}

func galleryPIN() *Dialog {
	order := [10]rune{'4', '7', '1', '9', '0', '2', '8', '5', '3', '6'}
	body := NewPINBody("PIN 码", "请输入 UKey 的 PIN 码", []Fact{
		{"请求方", "省政府采购云平台"}, {"文件", "政府采购合同（市第三人民医院医疗设备采购二包）"}, {"页数", "12 页"}, {"摘要", "9f86d081"}, {"证书", "市第三人民医院（王建国）"},
	}, &order)
	body.SetTries("剩余 3 次，连续输错将锁定 UKey", true)
	for _, r := range "123456" {
		body.Field.Put(r)
	}
	d := NewDialog("输入 PIN 码并签章", body.Body, NewButton(Secondary, "取消", nil), NewButton(Primary, "签章", nil))
	d.FocusFirst(body.Field)
	return d
}

// galleryPages stands in for a rendered document: grey lines on white.
func galleryPages(n int) PageSource {
	src := PageSource{Render: func(ctx context.Context, page, w int) (*image.RGBA, error) {
		h := int(math.Round(float64(w) * 842 / 595))
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
		ink := image.NewUniform(color.NRGBA{0x50, 0x55, 0x60, 0xFF})
		for y := h / 10; y < h*9/10; y += h / 42 {
			end := w * 9 / 10
			if (y*7+page)%5 == 0 {
				end = w * 6 / 10
			}
			draw.Draw(img, image.Rect(w/9, y, end, y+max(h/140, 1)), ink, image.Point{}, draw.Src)
		}
		return img, ctx.Err()
	}}
	for range n {
		src.Sizes = append(src.Sizes, fyne.NewSize(595, 842))
	}
	return src
}

func gallerySeal(px int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, px, px))
	c := float64(px) / 2
	for y := range px {
		for x := range px {
			r := math.Hypot(float64(x)-c+.5, float64(y)-c+.5) / c
			a := math.Min(1, math.Max(0, (1-r)*c)) * math.Min(1, math.Max(0, (r-.93)*c))
			a = math.Max(a, math.Min(1, math.Max(0, (.3-r)*c)))
			img.SetNRGBA(x, y, color.NRGBA{0xD7, 0x19, 0x1F, uint8(a * 220)})
		}
	}
	return img
}

func galleryPDF() fyne.CanvasObject {
	view, thumbs := NewPageView(), NewThumbs()
	view.clock, thumbs.clock = galleryClock, galleryClock
	zoom := NewText("100%", theme.TextTable, theme.Text2).Align(fyne.TextAlignCenter)
	place := Quiet("")
	view.OnZoom = zoom.SetText
	view.OnPage = thumbs.SetCurrent
	view.OnMarkMove = func(_ string, x, y float64, _ bool) { place.SetText(fmt.Sprintf("X %.1f mm　Y %.1f mm", x, y)) }
	thumbs.OnPage = view.GoTo
	view.Load(galleryPages(12))
	thumbs.Load(galleryPages(12))
	thumbs.SetDots(1)
	view.SetMarks(
		Mark{ID: "theirs", Page: 1, X: 60, Y: 90, W: 42, H: 42, Image: gallerySeal(160), Fixed: true, Void: true},
		Mark{ID: "ours", Page: 1, X: 140, Y: 90, W: 42, H: 42, Image: gallerySeal(160), Chosen: true})
	bar := Column(0, Fixed(0, 43, Pad(0, 16, 0, 16, Row(4, Grow(Body("政府采购合同_ZC-2026-001842.pdf").Clip()),
		NewIconButton(theme.IconZoomOut, view.ZoomOut), Fixed(48, 0, zoom), NewIconButton(theme.IconZoomIn, view.ZoomIn), NewIconButton(theme.IconFit, view.Fit)))), HLine())
	panel := Fixed(theme.SidePanel, 0, Filled(theme.White, Pad(16, 16, 16, 16, Column(12, Title("盖章方式"), NewSegments("单页", "多页", "骑缝", "关键字"),
		Title("位置"), place, Spacer(), NewButton(Primary, "确认盖章并签名", nil), NewButton(Secondary, "移除印章", nil)))))
	left := Border(Column(0, Fixed(0, 43, Pad(0, 0, 0, 16, Row(6, Body("页面").Bold(), Quiet("共 12 页")))), HLine()), nil, nil, VLine(), thumbs)
	return galleryShell("contracts", []Crumb{{Text: "合同签订", Go: func() {}}, {Text: "加盖印章"}},
		Border(nil, nil, left, Border(nil, nil, VLine(), nil, panel), Border(Filled(theme.White, bar), nil, nil, nil, view)))
}

// galleryClock is in the place of the main goroutine for the pages' pictures.
var galleryClock = newTestClock()

func gallery() map[string]func() fyne.CanvasObject {
	return map[string]func() fyne.CanvasObject{
		"form":  galleryForm,
		"pdf":   galleryPDF,
		"parts": galleryParts,
		"list":  func() fyne.CanvasObject { return galleryList(galleryFill) },
		"empty": func() fyne.CanvasObject {
			return galleryList(func(t *Table) {
				t.Faces().Empty("还没有合同。中标结果公告后，可在这里新增合同签订。", NewButton(Secondary, "新增合同签订", nil))
			})
		},
		"failed": func() fyne.CanvasObject {
			return galleryList(func(t *Table) {
				t.Faces().Failed(ErrorText{What: "合同列表读取失败", Why: "平台 10 秒内没有应答。", Do: "已签章的合同保存在发件箱，不会丢失。", Code: "platform.timeout"}, NewButton(Secondary, "重试", nil))
			})
		},
	}
}

func TestGalleryFitsTheSmallestWindow(t *testing.T) {
	test.NewTempApp(t)
	test.ApplyTheme(t, theme.New())
	for name, build := range gallery() {
		t.Run(name, func(t *testing.T) {
			w := test.NewTempWindow(t, build())
			w.SetPadded(false)
			w.Resize(fyne.NewSize(theme.WindowW, theme.WindowH))
			if m := w.Content().MinSize(); m.Width > theme.MinWindowW || m.Height > theme.MinWindowH {
				t.Errorf("needs %v, the smallest window is %v x %v", m, theme.MinWindowW, theme.MinWindowH)
			}
			if name == "pdf" {
				galleryClock.pump(t, 3)
			}
			picture(t, w, name)
			if name == "list" {
				galleryPIN().Open(w.Canvas())
				picture(t, w, "pin")
			}
		})
	}
}

func picture(t *testing.T, w fyne.Window, name string) {
	dir := os.Getenv("SEALDESK_PICTURES")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, w.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
