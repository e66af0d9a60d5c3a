// Package verifyfile is the page 验证文件: any PDF is dropped on it or chosen, and judged.
package verifyfile
