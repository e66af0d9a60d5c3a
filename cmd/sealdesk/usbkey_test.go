package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/libraries"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// hsm makes a token with SoftHSM2's own tool and puts a pair of keys and certificates on it, as a CA's counter does.
func hsm(t *testing.T, set *libraries.Set, authority *ca.Authority, subject ca.Subject) {
	t.Helper()
	needTools(t, "softhsm2-util")
	if out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "buyer", "--pin", killPIN, "--so-pin", "87654321").CombinedOutput(); err != nil {
		t.Fatalf("softhsm2-util: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, driver := range set.Drivers(profile.InterfacePKCS11) {
		tokens, err := driver.Tokens(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range tokens {
			defer k.Close()
			info, err := k.Info(ctx)
			if err != nil || info.Label != "buyer" {
				continue
			}
			if err := k.Unlock(ctx, []byte(killPIN)); err != nil {
				t.Fatal(err)
			}
			for _, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
				p := k.(token.Provisioner)
				id, pub, err := p.NewKey(ctx, "pair", string(ca.RSA), use)
				if err != nil {
					t.Fatal(err)
				}
				cert, err := authority.Issue(ca.Request{Subject: subject, PublicKey: pub, Usage: use})
				if err != nil {
					t.Fatal(err)
				}
				if err := p.StoreCertificate(ctx, id, cert, []*smx509.Certificate{authority.Root(ca.RSA)}); err != nil {
					t.Fatal(err)
				}
			}
			return
		}
	}
	t.Fatal("SoftHSM2's token was not found: run packaging/deps.sh test")
}

// usbKey is a software USB key behind a real SKF library, with an SM2 pair.
func usbKey(t *testing.T, authority *ca.Authority, subject ca.Subject) (*softkey.Server, *softkey.Device, string) {
	t.Helper()
	server, library := softkeytest.Start(t, softkey.SKFLongmai)
	device, err := server.Add(softkey.DeviceOptions{Label: "seller", Serial: "SKF0001", PIN: []byte(killPIN), Application: "seller"})
	if err != nil {
		t.Fatal(err)
	}
	var pair [2]softkey.KeyPair
	for i, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
		key, err := ca.GenerateKey(ca.SM2)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := authority.Issue(ca.Request{Subject: subject, PublicKey: key.Public(), Usage: use, NotAfter: time.Now().AddDate(0, 0, 45)})
		if err != nil {
			t.Fatal(err)
		}
		pair[i] = softkey.KeyPair{Key: key, Certificate: cert}
	}
	if err := device.AddContainer("pair", pair[0], pair[1]); err != nil {
		t.Fatal(err)
	}
	return server, device, library
}

// One party signs with a PKCS#11 key, the other with an SKF key that is pulled out and put back while it is worked with, and
// whose library crashes once.
func TestContractIsSignedWithUSBKeys(t *testing.T) {
	b := newBench(t)
	authority := b.authority
	conf, tokens := filepath.Join(b.home, "softhsm.conf"), filepath.Join(b.home, "tokens")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+tokens+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	set, err := libraries.Open(libraries.Options{Own: filepath.Join(b.home, "data", "sealdesk", "libraries.json"), Host: filepath.Join(filepath.Dir(b.bin), "tokenhost")})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	hsm(t, set, authority, killBuyer)
	server, device, library := usbKey(t, authority, killSeller)
	if err := set.Add(library); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(b.home, "data", "sealdesk", "keys")); err != nil { // no software key here
		t.Fatal(err)
	}

	s := newScreen(t)
	b.platform(-1, nil)
	b.open(s, b.home)
	s.wait(killSeller.Name)
	s.click(killBuyer.Name)
	s.login(killPIN)
	s.click("证书与密钥")
	s.wait("SKF0001…")
	s.shot("keys")
	s.click("检测环境")
	s.wait("导出诊断包…")
	s.gone("正在检测，…")
	s.shot("checkup")
	s.click("关闭")
	s.gone("导出诊断包…")
	b.makeContract(s)
	s.click("提交合同")
	s.press("提交合同")
	s.wait("合同已提交，平台回执…")

	s.click("张三")
	s.click("换用其他密钥登录")
	s.wait(killSeller.Name)
	s.login(killPIN)
	s.click("中标项目")
	s.click("项目流程")
	s.clickOn(s.waitFor("合同签订", 0, time.Minute))
	s.wait("对方签章：文件完整，1 个签名全部有效，签名人可信。")
	s.click("签章")
	s.wait("第 6 页  中标单位（盖章）")

	device.Unplug()
	s.waitFor("的密钥已拔出…", 0, 2*time.Second)
	s.click("签章")
	s.wait("密钥已拔出…")
	s.click("知道了")
	device.Plug()
	s.waitFor("证书将于…", 0, 2*time.Second)

	// The vendor's library crashes in the middle of a signature: the window says so, and lives.
	server.Inject(softkey.Fault{Do: softkey.Crash, Function: "SKF_ECCSignData", Times: 1})
	s.click("签章")
	s.wait("输入 PIN 码签章")
	s.write(killPIN)
	s.key("Return")
	s.wait("密钥接口库 libsoftkey_skf_longmai.so 崩溃，文件…") // and on the next line: 没有受影响
	s.click("知道了")
	s.gone("证书将于…")
	s.sign(killPIN)
	s.click("返回合同")
	s.click("同意")
	s.wait("同意并签订合同")
	s.click("同意并签订")
	s.wait("合同已签订。文件完整，2 个签名全部有效，签名人可信。")
	s.noThreadErrors()
	if n := device.PINs(); n != 3 {
		t.Errorf("%d PINs reached the SKF key; a person typed three", n)
	}
}
