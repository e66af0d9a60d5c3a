package office

import "golang.org/x/sys/windows/registry"

// setup reads where LibreOffice's installer put it.
func setup() []string {
	var folders []string
	for _, name := range []string{`SOFTWARE\LibreOffice\UNO\InstallPath`, `SOFTWARE\WOW6432Node\LibreOffice\UNO\InstallPath`} {
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, name, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		if dir, _, err := key.GetStringValue(""); err == nil && dir != "" {
			folders = append(folders, dir)
		}
		_ = key.Close()
	}
	return folders
}
