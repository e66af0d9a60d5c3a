package i18n

import "embed"

// Files holds <language>.json for each language; zh-CN is complete by definition.
//
//go:embed *.json
var Files embed.FS
