package batch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/batch"
)

// victimFile names, in the environment, the file that tells a process of this test what to sign.
const victimFile = "SEALDESK_BATCH_VICTIM"

// A victim is a batch as another process is told it.
type victim struct {
	In, Out string
	Key     []byte   // PKCS #8
	Chain   [][]byte // DER
	Root    []byte
}

func TestMain(m *testing.M) {
	if path := os.Getenv(victimFile); path != "" {
		if err := beVictim(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beVictim(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var v victim
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	key, err := smx509.ParsePKCS8PrivateKey(v.Key)
	if err != nil {
		return err
	}
	bt := &batch.Batch{Out: v.Out}
	if bt.Items, err = batch.List([]string{v.In}, v.Out); err != nil {
		return err
	}
	bt.Job.Key = key.(crypto.Signer)
	for _, der := range v.Chain {
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return err
		}
		bt.Job.Chain = append(bt.Job.Chain, c)
	}
	outcomes, err := bt.Run(context.Background())
	if err != nil {
		return err
	}
	return firstError(outcomes)
}

// A program that is killed at any moment, again and again, leaves no half file, and in the end every document was signed once.
func TestKilledAtAnyMomentEachFileIsSignedOnce(t *testing.T) {
	const wanted, files = 24, 24 // kills that hit the work, documents
	b := newBench(t, "ecdsa")
	b.contracts(files)
	der, err := smx509.MarshalPKCS8PrivateKey(b.party.Key)
	must(t, err)
	v := victim{In: b.in, Out: b.out, Key: der, Root: b.party.Root.Raw}
	for _, c := range b.party.Chain {
		v.Chain = append(v.Chain, c.Raw)
	}
	data, err := json.Marshal(v)
	must(t, err)
	told := filepath.Join(t.TempDir(), "victim.json")
	must(t, os.WriteFile(told, data, 0o600))
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), victimFile+"="+told)
		cmd.Stderr = os.Stderr
		must(t, cmd.Start())
		return cmd
	}

	kills := 0
	for round := 0; kills < wanted; round++ {
		must(t, os.RemoveAll(b.out))
		for tries := 0; ; tries++ {
			cmd := start()
			// Killed at some moment after its first sign of life, later with each try, so that all of the work is hit, and so much later
			// that a slow machine ends too.
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(time.Millisecond) {
				if _, err := os.Stat(filepath.Join(b.out, batch.LedgerName)); err == nil {
					break
				}
			}
			moment := time.Duration(rand.Int64N(int64(20+4*tries*tries))) * time.Millisecond
			select {
			case err := <-done:
				must(t, err)
			case <-time.After(moment):
				must(t, cmd.Process.Kill())
				if err := <-done; err != nil {
					kills++
				}
				b.named(round)
				continue
			}
			break
		}
		bt := b.batch()
		bt.Job.Seal, bt.Job.Places = nil, nil
		outcomes := b.run(bt)
		expect(t, outcomes, map[string]int{"signed": files, "earlier": files})
		b.once(outcomes)
	}
	if b.key.asked.Load() != 0 {
		t.Error("a file was left to sign")
	}
	t.Logf("%d kills", kills)
}

// named fails when a file that has its name is not whole: there is no time at which half a signed file has it.
func (b *bench) named(round int) {
	b.t.Helper()
	must(b.t, filepath.WalkDir(b.out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".pdf") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(data), "/ByteRange"); n != 1 || !strings.HasSuffix(strings.TrimSpace(string(data)), "%%EOF") {
			b.t.Errorf("round %d: %s has %d signatures, or is half", round, path, n)
		}
		return nil
	}))
}
