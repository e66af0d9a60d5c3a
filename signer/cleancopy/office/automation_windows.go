package office

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf16"

	"golang.org/x/sys/windows"

	"sealdesk/signer/cleancopy/refusal"
)

// automate converts with Microsoft Word, or else with WPS, where LibreOffice is not installed. Both are driven through
// COM by PowerShell, which every Windows has. They run outside of our job object, as the person and with the network, so
// this is the second choice: macros are forbidden and links are not updated, but memory is not bounded. Word writes
// PDF/A-1 where LibreOffice writes PDF/A-2. tried is false when neither is installed.
//
// This has been built, and never run.
func (o Office) automate(ctx context.Context, in, dir string, format Format) (result string, tried bool, err error) {
	shell, err := exec.LookPath("powershell.exe")
	if err != nil {
		return "", false, nil
	}
	if in, err = filepath.Abs(in); err != nil {
		return "", true, err
	}
	out, err := os.MkdirTemp(dir, "office-")
	if err != nil {
		return "", true, err
	}
	note := filepath.Join(out, "pid")
	result = filepath.Join(out, "converted"+format.extension())
	limited, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTime)
	defer cancel()
	cmd := exec.CommandContext(limited, shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(automation))
	cmd.Env = append(os.Environ(), "SEALDESK_IN="+in, "SEALDESK_OUT="+result, "SEALDESK_FORMAT="+format.extension(), "SEALDESK_NOTE="+note)
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	var words tail
	cmd.Stdout, cmd.Stderr = &words, &words
	err = cmd.Run()
	if cause := context.Cause(limited); cause != nil {
		endNoted(note)
		return "", true, o.refuse(ctx, cause)
	}
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == notInstalled {
		return "", false, nil
	}
	st, serr := os.Stat(result)
	switch {
	case err != nil || serr != nil || st.Size() == 0:
		endNoted(note)
		return "", true, refusal.Wrap(refusal.ConverterFailed, err, "Word or WPS could not convert the document", map[string]any{"message": words.String()})
	case st.Size() > o.MaxOutput:
		return "", true, o.refuse(ctx, errSize)
	}
	return result, true, nil
}

// notInstalled is the script's exit status when there is neither program.
const notInstalled = 64

// automation is the script. It notes the process that it started, so that it can be ended when it hangs. What it works on
// comes in the environment, where nothing needs to be quoted.
const automation = `
$ErrorActionPreference = 'Stop'
$app = $null
foreach ($candidate in @(@('Word.Application', 'WINWORD'), @('KWPS.Application', 'wps'), @('WPS.Application', 'wps'))) {
  $before = @(Get-Process -Name $candidate[1] -ErrorAction SilentlyContinue | ForEach-Object { $_.Id })
  try { $app = New-Object -ComObject $candidate[0] } catch { continue }
  $new = @(Get-Process -Name $candidate[1] -ErrorAction SilentlyContinue | Where-Object { $before -notcontains $_.Id } | ForEach-Object { $_.Id })
  if ($new.Count -eq 1) { Set-Content -LiteralPath $env:SEALDESK_NOTE -Value "$($new[0]) $($candidate[1])" -Encoding Ascii }
  break
}
if ($app -eq $null) { exit 64 }
try {
  $app.Visible = $false
  $app.DisplayAlerts = 0
  $app.AutomationSecurity = 3
  try { $app.Options.UpdateLinksAtOpen = $false } catch { }
  $doc = $app.Documents.Open($env:SEALDESK_IN, $false, $true, $false)
  try {
    if ($env:SEALDESK_FORMAT -eq '.docx') { $doc.SaveAs2($env:SEALDESK_OUT, 16) }
    else { $doc.ExportAsFixedFormat($env:SEALDESK_OUT, 17, $false, 0, 0, 1, 1, 0, $false, $false, 0, $true, $true, $true) }
  } finally { $doc.Close(0) }
} finally { $app.Quit(0) }
`

// encoded is a script as PowerShell takes it on the command line: UTF-16, little-endian, in base 64.
func encoded(script string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(script)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// endNoted ends the program that the script noted, if it still runs under that name. One that was not noted, because
// others started at the same moment, is left to the person.
func endNoted(note string) {
	data, err := os.ReadFile(note)
	if err != nil {
		return
	}
	id, name, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	pid, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return
	}
	h, err := windows.OpenProcess(windows.PROCESS_TERMINATE|windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return
	}
	defer func() { _ = windows.CloseHandle(h) }()
	path := make([]uint16, windows.MAX_PATH)
	size := uint32(len(path))
	if windows.QueryFullProcessImageName(h, 0, &path[0], &size) != nil {
		return
	}
	if program := filepath.Base(windows.UTF16ToString(path[:size])); strings.EqualFold(program, name+".exe") {
		_ = windows.TerminateProcess(h, 1)
	}
}
