package proxy

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// desktop is what GNOME, or a desktop that keeps its settings, is set to: by hand only, for a script of rules (PAC) would have
// to be run.
func desktop() (*httpproxy.Config, bool) {
	program, err := exec.LookPath("gsettings")
	if err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "list-recursively", "org.gnome.system.proxy").Output()
	if err != nil {
		return nil, false
	}
	return fromGSettings(string(out))
}

// fromGSettings reads lines of "schema key value", as gsettings prints them.
func fromGSettings(text string) (*httpproxy.Config, bool) {
	at := map[string]string{}
	for line := range strings.Lines(text) {
		schema, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		key, value, _ := strings.Cut(rest, " ")
		at[strings.TrimPrefix(schema, "org.gnome.system.proxy")+" "+key] = strings.Trim(value, "'")
	}
	host, port := at[".https host"], at[".https port"]
	if at[" mode"] != "manual" || host == "" || port == "" || port == "0" {
		return nil, false
	}
	list := strings.Trim(at[" ignore-hosts"], "@as []")
	return &httpproxy.Config{
		HTTPSProxy: "http://" + host + ":" + port,
		NoProxy:    strings.NewReplacer("'", "", " ", "", "*.", ".").Replace(list),
	}, true
}
