// Package doctor finds out why a key does not work. It walks the way that a signature takes on this system, from the USB port
// over the right to open it, the PC/SC service and the vendor's library to the key and its certificates, and says of each step
// whether it is in order and, when it is not, what to do.
//
// It asks for no PIN and spends no try. What it reports holds names of organisations and serial numbers, and the labels of keys,
// which [Report.WithoutLabels] leaves out.
package doctor
