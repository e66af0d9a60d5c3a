package i18n

import "embed"

// Files holds <language>.json for each language; zh-CN is complete by definition, and what another one lacks is said in it.
//
//go:embed *.json
var Files embed.FS
