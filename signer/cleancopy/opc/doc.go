// Package opc opens the zip container of an office document (ISO/IEC 29500-2) that may be hostile. It refuses what
// could be read in two ways (one name twice, encrypted entries), bounds the number of entries, what one unpacks to,
// what all unpack to together and how far they shrink, counts the bytes that really come out rather than those the
// directory promises, and follows relationships without ever opening what lies outside the container.
package opc
