// Package foreign judges and mends texts that others wrote: what keys, services and files say of themselves must not steer a
// terminal, turn the direction of what stands beside it, or fill a window.
package foreign
