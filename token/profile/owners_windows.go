package profile

import "golang.org/x/sys/windows/registry"

// checkOwners leaves the matter to Windows: what may be written where is decided by access lists, and the places of the
// table are under the system's protection.
func checkOwners(string) error { return nil }

// registered lists the SKF libraries that vendors registered, under the providers of CryptoAPI. Both views are looked at:
// many libraries are 32-bit only.
func registered() []string {
	const providers = `SOFTWARE\Microsoft\Cryptography\Defaults\Provider`
	var found []string
	for _, view := range []uint32{registry.WOW64_64KEY, registry.WOW64_32KEY} {
		root, err := registry.OpenKey(registry.LOCAL_MACHINE, providers, registry.ENUMERATE_SUB_KEYS|view)
		if err != nil {
			continue
		}
		names, _ := root.ReadSubKeyNames(maxList)
		root.Close()
		for _, name := range names {
			key, err := registry.OpenKey(registry.LOCAL_MACHINE, providers+`\`+name, registry.QUERY_VALUE|view)
			if err != nil {
				continue
			}
			if path, _, err := key.GetStringValue("SKFImagePath"); err == nil && len(path) <= maxPath {
				found = append(found, path)
			}
			key.Close()
		}
	}
	return found
}
