package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/cmd/internal/judge"
	"sealdesk/signer/preview/previewtest"
	"sealdesk/signer/verify"
)

// wheel turns the mouse wheel n notches down over the middle of the page.
func (s *screen) wheel(n int) {
	s.t.Helper()
	args := []string{"mousemove", "748", "500"}
	for range n {
		args = append(args, "click", "5")
	}
	s.xdo(append(args, "sleep", "0.2")...)
}

// press clicks the button of a dialog that bears the same words as its title.
func (s *screen) press(text string) {
	s.t.Helper()
	s.clickOn(s.waitFor(text, 1, time.Minute))
}

// login enters the PIN of the key that is chosen, which leads to the workbench.
func (s *screen) login(pin string) {
	s.t.Helper()
	s.fill("请输入 PIN 码", pin)
	s.key("Return")
	s.wait("待办")
}

// contracts goes from the workbench to the list of contracts.
func (s *screen) contracts() {
	s.t.Helper()
	s.click("合同签订")
	s.wait("新增合同签订")
}

// choose takes a file in the dialog that chooses one: the folder is typed, the file clicked.
func (s *screen) choose(path string) {
	s.t.Helper()
	s.wait("打开")
	s.folder(filepath.Dir(path))
	s.click(filepath.Base(path))
	s.click("打开")
	s.gone("打开")
}

// folder types the folder of a dialog that chooses files.
func (s *screen) folder(dir string) {
	s.t.Helper()
	s.click(string(filepath.Separator) + "…") // the folder that it is in
	s.key("ctrl+a")
	s.write(dir)
	s.key("Return")
}

// sign presses 签章 and enters the PIN, and waits for the result.
func (s *screen) sign(pin string) {
	s.t.Helper()
	s.click("签章")
	s.wait("输入 PIN 码签章")
	s.write(pin)
	s.shot("pin")
	s.key("Return")
	s.wait("签章有效…")
}

// Both parties work through the manual's steps with mouse and keyboard, from a Word document to the filed PDF.
func TestContractIsSignedInTheWindow(t *testing.T) {
	t.Parallel()
	bin := buildForTest(t)
	s := newScreen(t)
	home := t.TempDir()
	work := filepath.Join(home, "demo")
	for _, cache := range []string{filepath.Join(work, "cache"), filepath.Join(home, ".cache", "sealdesk")} {
		if err := previewtest.Lend(cache); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"HOME=" + home, "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LC_ALL=C.UTF-8"}
	s.start(bin, env, "--demo", "--work", work, "--algorithm", "rsa")

	// 一、采购单位发起签章. 1: log in; a wrong PIN costs one try and says so.
	s.wait("云溪县人民医院")
	s.shot("login")
	s.fill("请输入 PIN 码", "000000")
	s.key("Return")
	s.wait("剩余尝试次数 5 次…")
	s.login("123456")
	s.wait("待签订")
	s.shot("home")

	// 2: 合同签订, 新增合同签订, choose the lot.
	s.contracts()
	s.wait("还没有合同…")
	s.click("新增合同签订")
	s.click("云溪县人民医院医疗设备采购项目")

	// 3: the required fields; a button that cannot be pressed says why.
	s.wait("请填写合同期限，另有 1 项未完成")
	s.fill("如 180", "180")
	s.shot("form")
	s.wheel(30)
	s.wait("请上传合同备案文件")
	s.click("将合同文件拖到此处，或点击选择")
	s.choose(filepath.Join(work, "documents", "政府采购合同（示范）.docx"))
	// 3.2: 清稿并加盖印章.
	s.click("清稿并加盖印章")
	s.wait("修订：删除")
	s.wait("乙方可以将部分售后服务交由其委托的第三方完…")
	s.waitEnabled("确认清稿，去盖章")
	s.shot("clean")
	s.click("确认清稿，去盖章")
	// 3.3: the seal is proposed at the words, and dragged.
	s.wait("第 6 页  采购人（盖章）")
	s.waitEnabled("签章")
	s.shot("stamp")
	s.click("单页")
	before := s.wait("41")
	s.drag(515, 450, 560, 470)
	s.gone(before.Text)
	s.key("ctrl+z")
	s.wait(before.Text)
	s.click("骑缝")
	s.wait("6 页一枚，共 1 枚，每页宽 7.0 毫米")
	s.shot("stamp-edge")
	s.click("撤销")
	s.click("撤销")
	s.wait("第 6 页  采购人（盖章）")
	s.sign("123456")
	s.shot("result")
	// 4: 提交合同.
	s.click("返回合同")
	s.wait("新增合同签订")
	s.click("提交合同")
	s.wait("已签章的合同将发送给…")
	s.press("提交合同")
	s.wait("合同已提交，平台回执…")
	s.shot("sent")
	s.gone("合同已提交，平台回执…")
	s.click("合同签订")
	s.wait("待对方确认")
	s.shot("contracts")

	// 二、中标单位合同签章. 1: 中标项目, 项目流程, 合同签订.
	s.click("王建国")
	s.click("换用其他密钥登录")
	s.wait("华东医疗器械有限公司")
	s.login("654321")

	// The workbench has it, too, below a lot that is nearly late: Down and Enter lead there, Esc back.
	s.wait("待签章")
	s.key("Down", "Return")
	s.wait("请先签章")
	s.key("Escape")
	s.wait("待办")
	s.click("中标项目")
	s.wait("待签章确认")
	s.shot("awards")
	s.clickOn(s.waitFor("项目流程", 2, time.Minute)) // below the lot that is 涉密
	s.wait("请于…")
	s.shot("flow")
	s.clickOn(s.waitFor("合同签订", 0, time.Minute)) // the step stands before the sidebar's item
	// 2: the other side's seal, judged.
	s.wait("对方签章：文件完整，1 个签名全部有效，签名人可信。")
	s.shot("review")
	s.wait("请先签章")
	// 3: the seal.
	s.click("签章")
	s.wait("第 6 页  中标单位（盖章）")
	s.sign("654321")
	s.click("查看签章文件")
	s.wait("文件完整，2 个签名全部有效，签名人可信。")
	s.gone("正在打开文件")
	s.shot("view")
	s.click("返回合同")
	s.wait("签章有效…")
	// 4: 同意.
	s.click("返回合同")
	s.click("同意")
	s.wait("同意并签订合同")
	s.write("agreed")
	s.click("同意并签订")
	s.wait("合同已签订。…")
	s.gone("合同已签订，平台回执…")
	s.shot("concluded")

	final := filepath.Join(home, "final.pdf")
	s.click("导出合同")
	s.wait("保存到")
	s.folder(home)
	s.wait("文件名")
	s.click("政府采购合同（示范）.pdf")
	s.key("ctrl+a")
	s.write("final.pdf")
	s.click("保存")
	if err := until(20*time.Second, func() bool { _, err := os.Stat(final); return err == nil }); err != nil {
		s.fail("the contract was not exported")
	}
	s.wait("已导出：…")
	s.gone("已导出：…")
	s.click("发件箱")
	s.click("已送达…")
	s.shot("outbox")
	s.click("验证文件")
	s.click("将要验证的 PDF 拖到此处，或点击选择")
	s.choose(final)
	s.wait("文件完整，2 个签名全部有效，签名人可信。")
	s.shot("verify")

	ours, theirs := versions(t, filepath.Dir(bin), filepath.Join(home, "pair"))
	s.click("版本比对")
	s.clickOn(s.waitFor("将 PDF 拖到此处，或点击选择", 0, time.Minute))
	s.choose(ours)
	s.click("将 PDF 拖到此处，或点击选择")
	s.choose(theirs)
	s.wait("两份文件的文字有 2 处不同。")
	s.gone("正在打开文件")
	s.key("F7")
	s.shot("compare")

	s.click("批量盖章")
	s.click("骑缝章")
	s.click("添加文件夹")
	s.wait("选择此文件夹")
	s.folder(filepath.Dir(ours))
	s.click("选择此文件夹")
	s.wait("共 2 份")
	s.click("检查文件")
	s.waitFor("可盖章", 1, time.Minute)
	s.click("盖章 2 份")
	s.fill("请输入 PIN 码", "654321")
	s.key("Return")
	s.wait("全部完成：已盖章 2 份。")
	s.shot("batch")
	s.click("印章管理")
	s.wait("新建印章")
	s.shot("seals")

	s.noThreadErrors()
	checkFinal(t, final, filepath.Join(work, "roots.pem"))
}

// versions makes two clean copies of the sample contract in a folder, of which the second has other terms of payment.
func versions(t *testing.T, bin, folder string) (ours, theirs string) {
	t.Helper()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	clean := func(name string, document []byte) string {
		docx, out := filepath.Join(t.TempDir(), "in.docx"), filepath.Join(folder, name)
		if err := os.WriteFile(docx, document, 0o600); err != nil {
			t.Fatal(err)
		}
		if told, err := exec.Command(filepath.Join(bin, "sealctl"), "clean", docx, "-o", out).CombinedOutput(); err != nil {
			t.Fatalf("sealctl clean: %v\n%s", err, told)
		}
		return out
	}
	sample := assets.SampleContract()
	return clean("我方.pdf", sample), clean("对方.pdf", rewritten(t, sample, "百分之四十", "百分之三十", "百分之六十", "百分之七十"))
}

// rewritten is a Word document with other words in it.
func rewritten(t *testing.T, document []byte, oldnew ...string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	for _, f := range in.File {
		part, err := fs.ReadFile(in, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(f.Name)
		if err == nil {
			_, err = strings.NewReplacer(oldnew...).WriteString(w, string(part))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// checkFinal has the contract judged by our verifier, and by poppler and qpdf, which know nothing of us.
func checkFinal(t *testing.T, final, rootsFile string) {
	t.Helper()
	pem, err := os.ReadFile(rootsFile)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := judge.ParseRoots(pem)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(final)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	report, err := verify.File(t.Context(), f, info.Size(), verify.Options{Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != verify.Valid || len(report.Signatures) != 2 || !report.Signatures[1].CoversWholeFile {
		data, _ := json.MarshalIndent(report, "", " ")
		t.Errorf("our verdict: %s", data)
	}
	needTools(t, "pdfsig", "qpdf")
	out, err := exec.Command("pdfsig", final).CombinedOutput()
	if text := string(out); err != nil || strings.Count(text, "Signature is Valid.") != 2 || strings.Count(text, "Total document signed") != 1 {
		t.Errorf("pdfsig: %v\n%s", err, out)
	}
	if out, err := exec.Command("qpdf", "--check", final).CombinedOutput(); err != nil {
		t.Errorf("qpdf: %v\n%s", err, out)
	}
}
