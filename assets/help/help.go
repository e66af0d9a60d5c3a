package help

import "embed"

// Files are the topics, as "zh-CN/contracts.md", and their pictures beside them.
//
//go:embed */*.md */*.png
var Files embed.FS

// Topics are the names of all topics, in the order in which they are read.
var Topics = []string{"index", "login", "home", "contracts", "awards", "bid", "hall", "outbox", "keys", "seals", "verifyfile", "compare", "batch", "settings", "administrator", "screens", "manual"}
