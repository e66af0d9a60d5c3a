// Package settings is the page 设置: what the person decides about time stamps and about asking over the network.
package settings
