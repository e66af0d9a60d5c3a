package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"sealdesk/token/profile"
)

// madeBySealctl is what the program tells of itself.
type madeBySealctl struct {
	manual, chinese []byte            // pages of the manual
	completions     map[string][]byte // by the shell's name
}

// fromSealctl has sealctl, built for this machine, tell of itself; once in a run.
func (r *release) fromSealctl() (*madeBySealctl, error) {
	if r.told != nil {
		return r.told, nil
	}
	program := filepath.Join(r.work, "sealctl-here")
	if err := r.build(context.Background(), target{os: runtime.GOOS, arch: runtime.GOARCH}, "sealctl", program); err != nil {
		return nil, err
	}
	made := &madeBySealctl{completions: map[string][]byte{}}
	var failed error
	say := func(args ...string) []byte {
		out, err := exec.Command(program, args...).Output()
		if err == nil && len(out) == 0 {
			err = fmt.Errorf("nothing was said")
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("sealctl %s: %w", strings.Join(args, " "), err)
		}
		return out
	}
	date := "--date=" + r.commit.when.Format("2006-01-02")
	made.manual, made.chinese = say("manual", date, "--lang=en"), say("manual", date, "--lang=zh-CN")
	for _, shell := range []string{"bash", "zsh", "fish"} {
		made.completions[shell] = say("completion", shell, "--lang=zh-CN")
	}
	r.told = made
	return made, failed
}

// tool runs a Go program of a fixed version, apart from our module. What it builds is for this machine.
func (r *release) tool(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", name}, args...)...)
	var said bytes.Buffer
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.commit.when.Unix()))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, said.Bytes())
	}
	return nil
}

// udevRules let whoever sits at the machine open the USB keys that the profiles know.
func udevRules() ([]byte, error) {
	known, err := profile.Builtin()
	if err != nil {
		return nil, err
	}
	products := map[string]string{} // by "vendor" or "vendor:product"
	for _, p := range known.All() {
		for _, id := range p.USB {
			products[id] = p.Vendor.En
		}
	}
	var ids []string
	for id := range products {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var out bytes.Buffer
	out.WriteString("# USB keys that SealDesk knows: whoever is logged in at the machine may open them. Made from assets/vendors/libraries.json.\n")
	out.WriteString("ACTION==\"remove\", GOTO=\"sealdesk_end\"\nSUBSYSTEM!=\"usb\", GOTO=\"sealdesk_end\"\nENV{DEVTYPE}!=\"usb_device\", GOTO=\"sealdesk_end\"\n\n")
	for _, id := range ids {
		vendor, product, whole := strings.Cut(id, ":")
		if slices.Contains(ids, vendor) && whole {
			continue // the vendor's rule has it
		}
		fmt.Fprintf(&out, "# %s\nATTR{idVendor}==\"%s\", ", products[id], vendor)
		if whole {
			fmt.Fprintf(&out, "ATTR{idProduct}==\"%s\", ", product)
		}
		out.WriteString("TAG+=\"uaccess\"\n")
	}
	out.WriteString("\nLABEL=\"sealdesk_end\"\n")
	return out.Bytes(), nil
}

// gzipped compresses without a name and a time.
func gzipped(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
