package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sealdesk/assets/i18n"
	"sealdesk/signer/preview/previewtest"
)

// inEnglish are the English words for each of the Chinese ones that stand alone.
func inEnglish(t *testing.T) map[string][]string {
	t.Helper()
	var texts [2]map[string]string
	for i, name := range []string{"zh-CN.json", "en.json"} {
		data, err := i18n.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		texts[i] = map[string]string{}
		for key, text := range all {
			texts[i][key], _ = text.(string) // the others have plurals
		}
	}
	words := map[string][]string{}
	for key, chinese := range texts[0] {
		words[chinese] = append(words[chinese], texts[1][key])
	}
	return words
}

// The guide's pictures in English are taken as the Chinese ones are, on the way of a contract through the window. They are
// for make pictures; what the window does is tested in Chinese.
func TestTheGuideInEnglish(t *testing.T) {
	t.Parallel()
	if os.Getenv("SEALDESK_PICTURES") == "" {
		t.Skip("no pictures are wanted: SEALDESK_PICTURES names no folder")
	}
	bin := buildForTest(t)
	s := newScreen(t)
	s.words = inEnglish(t)
	home := t.TempDir()
	work := filepath.Join(home, "demo")
	for _, cache := range []string{filepath.Join(work, "cache"), filepath.Join(home, ".cache", "sealdesk")} {
		if err := previewtest.Lend(cache); err != nil {
			t.Fatal(err)
		}
	}
	s.start(bin, []string{"HOME=" + home, "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LC_ALL=C.UTF-8"},
		"--demo", "--work", work, "--algorithm", "rsa", "--lang", "en")

	s.wait("云溪县人民医院")
	s.shot("login")
	s.login("123456")
	s.wait("待签订")
	s.shot("home")
	s.contracts()
	s.click("新增合同签订")
	s.click("云溪县人民医院医疗设备采购项目")
	s.fill("如 180", "180")
	s.shot("form")
	s.wheel(30)
	s.click("将合同文件拖到此处，或点击选择")
	s.choose(filepath.Join(work, "documents", "政府采购合同（示范）.docx"))
	s.click("清稿并加盖印章")
	s.waitEnabled("确认清稿，去盖章")
	s.shot("clean")
	s.click("确认清稿，去盖章")
	s.waitEnabled("签章")
	s.shot("stamp")
	s.click("签章")
	s.wait("输入 PIN 码签章")
	s.write("123456")
	s.key("Return")
	s.click("返回合同")
	s.wait("新增合同签订")
	s.click("提交合同")
	s.press("提交合同")
	s.wait("撤回")
	s.click("发件箱")
	s.click("Delivered…")
	s.shot("outbox")

	s.click("王建国")
	s.click("换用其他密钥登录")
	s.wait("华东医疗器械有限公司")
	s.login("654321")
	s.click("中标项目")
	s.waitFor("项目流程", 2, time.Minute)
	s.shot("awards")
	s.clickOn(s.waitFor("项目流程", 2, time.Minute))
	s.waitFor("合同签订", 1, time.Minute)
	s.shot("flow")
	s.clickOn(s.waitFor("合同签订", 0, time.Minute)) // the step stands before the sidebar's item
	s.wait("请先签章")
	s.shot("review")
	for _, page := range []struct{ nav, name string }{{"证书与密钥", "keys"}, {"印章管理", "seals"}} {
		s.click(page.nav)
		s.shot(page.name)
	}
	s.noThreadErrors()
}
