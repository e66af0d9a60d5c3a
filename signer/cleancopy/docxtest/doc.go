// Package docxtest builds Word documents for tests, part by part.
package docxtest
